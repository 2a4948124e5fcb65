import CareRecord
import Foundation

/// One file of a key directory, read with a bound and written whole or not at all.
enum KeyFile {
    /// A larger file is refused unread: the longest bundles of public authorities are a quarter of that.
    static let sizeMaxBytes = 1 << 20

    /// Who may read a file besides its owner.
    enum Audience: UInt32 {
        /// 0600: a private key.
        case owner = 0o600
        /// 0644: a certificate.
        case everybody = 0o644
    }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    static func bytes(_ path: String) throws(KeysError) -> [UInt8] {
        let data: Data
        do {
            guard let file = FileHandle(forReadingAtPath: path) else { throw CocoaError(.fileReadNoSuchFile) }
            defer { try? file.close() }
            data = try file.read(upToCount: sizeMaxBytes + 1) ?? Data()
        } catch {
            let advice = exists(path) ? "cannot be read: check its permissions" : "is not there: check its path"
            throw KeysError(.unreadable, "\(path) \(advice)", cause: error)
        }
        guard data.count <= sizeMaxBytes else {
            throw KeysError(.unreadable, "\(path) is over \(sizeMaxBytes) bytes: it is no certificate and no key")
        }
        return Array(data)
    }

    static func text(_ path: String) throws(KeysError) -> String { String(decoding: try bytes(path), as: UTF8.self) }

    /// What is written stands beside the file until it is on the disk, and then takes its place.
    static func write(_ text: String, to path: String, for audience: Audience) throws(KeysError) {
        let target = URL(filePath: path)
        let directory = target.deletingLastPathComponent()
        try makeDirectory(directory.path)
        let unfinished = directory.appending(path: ".\(target.lastPathComponent).\(UUID().uuidString.prefix(8))").path
        let descriptor = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, audience.rawValue)
        guard descriptor >= 0 else { throw unwritable(path) }
        let bytes = Array(text.utf8)
        // The mode again, since the umask may have taken some of it away. A file of this size is written at once.
        let isDone =
            Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fchmod(descriptor, audience.rawValue) == 0
            && fsync(descriptor) == 0 && rename(unfinished, path) == 0
        let error = isDone ? nil : unwritable(path)
        close(descriptor)
        if let error {
            unlink(unfinished)
            throw error
        }
        synchronise(directory.path)
    }

    /// A directory that only its owner may look into.
    static func makeDirectory(_ path: String) throws(KeysError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw KeysError(
                .unwritable,
                "the directory \(path) cannot be made: \(error.localizedDescription): give another with --dir",
                cause: error)
        }
    }

    /// Without it the name may be gone after a power cut, though the content is on the disk.
    private static func synchronise(_ directory: String) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func unwritable(_ path: String) -> KeysError {
        KeysError(
            .unwritable,
            "\(path) cannot be written: \(String(cString: strerror(errno))): check the directory's permissions"
        )
    }
}
