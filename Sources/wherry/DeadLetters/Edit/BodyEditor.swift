import Foundation

/// A person's own editor, on a file that nobody else can read.
struct BodyEditor {
    static let bytesMax = 64 << 20
    /// How often a text that is no JSON any more may be taken up again.
    static let roundsMax = 20

    /// For a shell: a program, with options if need be.
    let command: String

    /// `$VISUAL`, `$EDITOR`, or vi.
    init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
        command = ["VISUAL", "EDITOR"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? "vi"
    }

    /// Returns the body as it was edited; `nil` where nothing was changed.
    func edit(_ body: [UInt8], ask: (_ prompt: String) -> String?) throws(CommandFailure) -> [UInt8]? {
        guard let text = EditableText(body) else {
            throw CommandFailure(.refused, "the body is no text: give --body-file")
        }
        let directory = try PrivateDirectory()
        let file = try directory.write(Array(text.text.utf8), "letter.json")
        for _ in 0..<Self.roundsMax {
            try run(on: file)
            switch text.read(try read(file)) {
            case .unchanged: return nil
            case .changed(let bytes): return bytes
            case .broken(let reason):
                guard YesOrNo.isYes(ask("that is no JSON (\(reason)); edit again? (yes or no): ")) else {
                    throw CommandFailure(.refused, "nothing was done")
                }
            }
        }
        throw CommandFailure(.refused, "nothing was done")
    }

    private func read(_ file: String) throws(CommandFailure) -> [UInt8] {
        guard let size = InputFile.size(of: file), size <= Self.bytesMax,
            let data = FileManager.default.contents(atPath: file)
        else {
            throw CommandFailure(.failed, "what the editor has left cannot be read, or is larger than 64 MiB")
        }
        return Array(data)
    }

    /// Waits for the editor. What would end this process meanwhile is the editor's: the file is removed afterwards.
    private func run(on file: String) throws(CommandFailure) {
        let signals = [SIGINT, SIGQUIT, SIGTERM, SIGHUP]
        let handlers = signals.map { (number: $0, handler: signal($0, SIG_IGN)) }
        defer { for (number, handler) in handlers { signal(number, handler) } }
        // $1 is the file, whatever is in its name.
        guard let status = spawn("/bin/sh", ["-c", "\(command) \"$1\"", "sh", file], defaults: signals) else {
            throw CommandFailure(.failed, "the editor \(command) cannot be started: set VISUAL or EDITOR")
        }
        guard status == 0 else {
            throw CommandFailure(.failed, "the editor \(command) ended with status \(status): nothing was done")
        }
    }

    /// In this process's own group, so that it has the terminal. Returns the status, or 128 and the signal's number.
    private func spawn(_ path: String, _ arguments: [String], defaults: [Int32]) -> Int32? {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var set = sigset_t()
        sigemptyset(&set)
        for number in defaults { sigaddset(&set, number) }
        posix_spawnattr_setsigdefault(&attributes, &set)
        // This may be a thread that signals do not reach; the editor is not.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        let words = ([path] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        var pid = pid_t()
        guard posix_spawn(&pid, path, nil, &attributes, words + [nil], environ) == 0 else { return nil }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { return nil }
        }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}
