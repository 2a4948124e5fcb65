import Foundation

/// A worker of its own process, on a free port of loopback; or another verb of `wherry` that serves.
///
/// It ends with its owner, and with the owner's process, however that one ends. A signal from the terminal does not
/// reach it.
final class WorkerProcess: Sendable {
    private static let startSecondsMax: Double = 60
    private static let startPollInterval = Duration.milliseconds(10)
    private static let killSecondsMax: Double = 10
    private static let stopSecondsMax: Double = 30
    private static let logCharactersMax = 2000

    /// `http://127.0.0.1:PORT`.
    let url: String
    var pid: pid_t { process.pid }
    private let process: ChildProcess
    private let watcher: ChildProcess
    /// Closing it makes the watcher kill the worker; the kernel closes it when the owner's process ends.
    private let leash: Pipe

    /// Starts `wherry worker`, or another `verb`, with these arguments and waits until it serves. What it writes goes to
    /// `LOG.out` and, its log, is appended to `LOG.err`.
    static func start(
        executable: String, verb: [String] = ["worker"], _ arguments: [String], log: String
    ) async throws -> WorkerProcess {
        try Data().write(to: URL(filePath: "\(log).out"))
        let process = try ChildProcess(
            executable, verb + ["--listen", "127.0.0.1:0"] + arguments, group: .own, output: "\(log).out",
            errors: "\(log).err")
        let leash = Pipe()
        do {
            let watcher = try ChildProcess(
                "/bin/sh", ["-c", "read -r _; kill -KILL \"$1\"", "watcher", String(process.pid)], group: .own,
                input: .descriptor(leash.fileHandleForReading.fileDescriptor))
            do {
                let address = try await address(of: process, log: log)
                return WorkerProcess(url: address, process: process, watcher: watcher, leash: leash)
            } catch {
                watcher.signal(SIGKILL)
                throw error
            }
        } catch {
            process.signal(SIGKILL)
            throw error
        }
    }

    private init(url: String, process: ChildProcess, watcher: ChildProcess, leash: Pipe) {
        self.url = url
        self.process = process
        self.watcher = watcher
        self.leash = leash
    }

    deinit {
        process.signal(SIGKILL)
        watcher.signal(SIGKILL)
        try? leash.fileHandleForWriting.close()
    }

    var isRunning: Bool { process.isRunning }

    /// SIGKILL; returns when the process is gone.
    func kill() async throws(LoadTestError) {
        process.signal(SIGKILL)
        try await ended(within: Self.killSecondsMax)
    }

    /// SIGTERM; returns its exit status.
    @discardableResult
    func terminate() async throws(LoadTestError) -> Int32 {
        process.signal(SIGTERM)
        try await ended(within: Self.stopSecondsMax)
        return process.status ?? -1
    }

    /// SIGTERM, also to one that stands still; SIGKILL to one that does not end by itself.
    func end() async {
        process.signal(SIGCONT)
        process.signal(SIGTERM)
        if await process.ended(within: Self.stopSecondsMax) == nil {
            process.signal(SIGKILL)
            _ = await process.ended(within: Self.killSecondsMax)
        }
        watcher.signal(SIGKILL)
    }

    /// SIGSTOP: connections stay open and nothing answers.
    func pause() { process.signal(SIGSTOP) }
    func resume() { process.signal(SIGCONT) }

    private func ended(within seconds: Double) async throws(LoadTestError) {
        guard await process.ended(within: seconds) != nil else {
            throw LoadTestError(.process, "worker process \(pid) did not end within \(Int(seconds)) s")
        }
        watcher.signal(SIGKILL)
    }

    /// From the line `wherry … listening on URL`.
    private static func address(of process: ChildProcess, log: String) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(startSecondsMax)
        while true {
            // Asked before the file is read: a line that it wrote at its end counts.
            let isRunning = process.isRunning && ContinuousClock.now < deadline
            let said = try String(contentsOfFile: "\(log).out", encoding: .utf8)
            let line = said.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                .first { $0.contains(" listening on ") }
            if let address = line?.split(separator: " ").last { return String(address) }
            guard isRunning else {
                let log = (try? String(contentsOfFile: "\(log).err", encoding: .utf8)) ?? ""
                throw LoadTestError(.worker, "the worker did not begin to serve: \(log.suffix(logCharactersMax))")
            }
            try await Task.sleep(for: startPollInterval)
        }
    }
}
