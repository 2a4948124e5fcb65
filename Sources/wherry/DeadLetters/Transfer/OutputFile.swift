import Foundation

/// A file that appears whole or not at all, for its owner's eyes: what is written stands beside it until then.
///
/// Letters and reports are about patients, so nobody else may read the file.
final class OutputFile {
    /// What happens to a file that is there already.
    enum Existing {
        case refused
        case replaced
    }

    private let path: String
    private let existing: Existing
    private let unfinished: String
    private let descriptor: Int32
    private var isOpen = true
    private(set) var lastByte: UInt8?

    init(_ path: String, _ existing: Existing) throws(CommandFailure) {
        self.path = path
        self.existing = existing
        if existing == .refused, FileManager.default.fileExists(atPath: path) { throw Self.isThere(path) }
        let target = URL(filePath: path)
        let name = ".\(target.lastPathComponent).\(UUID().uuidString.prefix(8))"
        unfinished = target.deletingLastPathComponent().appending(path: name).path
        descriptor = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit {
        guard isOpen else { return }
        close(descriptor)
        unlink(unfinished)
    }

    func write(_ bytes: [UInt8]) throws(CommandFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw Self.failure(path) }
            rest = rest.dropFirst(max(0, count))
        }
        lastByte = bytes.last ?? lastByte
    }

    /// Gives the file its name.
    func finish() throws(CommandFailure) {
        guard fsync(descriptor) == 0 else { throw Self.failure(path) }
        switch existing {
        case .replaced:
            guard rename(unfinished, path) == 0 else { throw Self.failure(path) }
        case .refused:
            // Unlike a rename, a link never takes the place of what somebody has made meanwhile.
            guard link(unfinished, path) == 0 else {
                throw errno == EEXIST ? Self.isThere(path) : Self.failure(path)
            }
            unlink(unfinished)
        }
        close(descriptor)
        isOpen = false
    }

    private static func isThere(_ path: String) -> CommandFailure {
        CommandFailure(.refused, "\(path) is there already: give another file, or --force to replace it")
    }

    private static func failure(_ path: String) -> CommandFailure {
        CommandFailure(.failed, "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
