package import CareRecord
import Glibc

/// The directory of one worker's files, held by one process at a time through a lock on its file `lock`.
///
/// The kernel frees the lock when the process ends, however it ends.
package final class DataDirectory: Sendable {
    package let path: String
    private let lockDescriptor: Int32

    /// Creates the directory where it is missing and takes the lock, or says which process holds it.
    package init(path: String, seat: Seat) throws(StorageError) {
        self.path = path
        try Self.create(path)
        let lockPath = "\(path)/lock"
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StorageError(
                .directoryUnusable, "\(lockPath): \(Self.systemReason): choose a directory you may write to")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder =
                Self.readText(descriptor).split(separator: "\n").first.map { "process \($0)" } ?? "another process"
            close(descriptor)
            throw StorageError(
                .directoryInUse,
                "\(path) is in use by \(holder): end that worker, or give this one another directory with --data")
        }
        lockDescriptor = descriptor
        try claim(for: seat)
    }

    deinit { close(lockDescriptor) }

    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// The lock file says whose directory it is: process id, then HIE and replica.
    private func claim(for seat: Seat) throws(StorageError) {
        let owner = Self.readText(lockDescriptor).split(separator: "\n").dropFirst().first
        if let owner, owner != seat.text {
            throw StorageError(
                .foreignDirectory,
                "\(path) holds the data of \(Seat(owner)?.words ?? String(owner)), not of \(seat.words): "
                    + "give each worker a directory of its own with --data")
        }
        let text = "\(getpid())\n\(seat)\n"
        let written =
            ftruncate(lockDescriptor, 0) == 0 && pwrite(lockDescriptor, text, text.utf8.count, 0) == text.utf8.count
        guard written else { throw StorageError(.diskFull, "\(path)/lock: \(Self.systemReason): free some space") }
    }

    private static func create(_ path: String) throws(StorageError) {
        var partial = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            partial += (partial.isEmpty || partial.hasSuffix("/") ? "" : "/") + part
            guard mkdir(partial, 0o700) == 0 || errno == EEXIST else {
                throw StorageError(
                    .directoryUnusable, "\(partial): \(systemReason): choose another directory with --data")
            }
        }
    }

    private static func readText(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    private static var systemReason: String { String(cString: strerror(errno)) }
}
