import Foundation

/// A directory that nobody else can look into, gone with whatever is in it when its owner lets go of it.
final class PrivateDirectory {
    let path: String

    init() throws(CommandFailure) {
        // mkdtemp puts letters of its own in the place of the last six.
        let name = "/wherry-edit-" + String(repeating: "X", count: 6)
        var template = Array((FileManager.default.temporaryDirectory.path + name).utf8CString)
        guard let made = mkdtemp(&template) else {
            throw CommandFailure(
                .failed, "no directory for the text can be made: \(String(cString: strerror(errno))); check TMPDIR")
        }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file of mode 0600, in the place of one that is there.
    func write(_ bytes: [UInt8], _ name: String) throws(CommandFailure) -> String {
        let file = "\(path)/\(name)"
        unlink(file)
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(.failed, "\(file) cannot be written: \(String(cString: strerror(errno)))")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(bytes))
        } catch {
            throw CommandFailure(.failed, "\(file) cannot be written: \(error.localizedDescription)")
        }
        return file
    }
}
