import Foundation
import LoadTest
import TestSupport

/// A small disk of its own, in memory (tmpfs), that can be filled. It goes with its owner, and with the test process.
final class TemporaryDisk: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let path: String
    private let watcher: ChildProcess
    /// Closing it makes the watcher unmount the disk; the kernel closes it when the test process ends.
    private let leash: Pipe

    init(mebibytes: Int) async throws {
        let path = FileManager.default.temporaryDirectory.path + "/wherry-disk-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        do {
            try await Subprocess.run(
                "/bin/mount", ["-t", "tmpfs", "-o", "size=\(mebibytes)m,mode=700", "wherry", path])
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
        let leash = Pipe()
        watcher = try ChildProcess(
            "/bin/sh", ["-c", "read -r _; umount -l \"$1\"; rmdir \"$1\"", "watcher", path],
            input: .descriptor(leash.fileHandleForReading.fileDescriptor))
        self.path = path
        self.leash = leash
    }

    deinit { try? leash.fileHandleForWriting.close() }

    /// Whether this process may mount one.
    static func isPossible() async -> Bool { (try? await TemporaryDisk(mebibytes: 1)) != nil }

    /// Takes all space that is left.
    func fill() throws {
        let descriptor = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(description: "\(ballast): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        for size in [1 << 20, 1 << 12] {
            let block = [UInt8](repeating: 0xFF, count: size)
            while write(descriptor, block, size) > 0 {}
        }
    }

    func free() throws { try FileManager.default.removeItem(atPath: ballast) }

    private var ballast: String { path + "/ballast" }
}
