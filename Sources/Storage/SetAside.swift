import Glibc

/// Moves a database file out of the way, with its journal files, so that a new one can take its name.
enum SetAside {
    private static let mark = ".unsound-"
    private static let parts = ["", "-wal", "-shm"]

    /// Returns the file's new path. At most `count` files that were set aside are kept; older ones are removed.
    static func move(_ path: String, keeping count: Int) throws(StorageError) -> String {
        let number = (numbers(of: path).last ?? 0) + 1
        let target = path + mark + String(number)
        for part in parts {
            guard rename(path + part, target + part) == 0 || errno == ENOENT else {
                throw StorageError(
                    .directoryUnusable,
                    "\(path) cannot be set aside (\(String(cString: strerror(errno)))): check the directory's owner")
            }
        }
        for old in numbers(of: path).dropLast(count) {
            for part in parts { unlink(path + mark + String(old) + part) }
        }
        return target
    }

    /// Of the files that were set aside, in order.
    private static func numbers(of path: String) -> [Int] {
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { String(path[..<$0]) } ?? "."
        let prefix = (slash.map { String(path[path.index(after: $0)...]) } ?? path) + mark
        guard let listing = opendir(directory) else { return [] }
        defer { closedir(listing) }
        var numbers: [Int] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(prefix), let number = Int(name.dropFirst(prefix.count)) { numbers.append(number) }
        }
        return numbers.sorted()
    }
}

/// Tells a file from another that has taken its name.
struct FileIdentity: Sendable, Equatable {
    private let device: UInt64
    private let number: UInt64

    /// `nil` where there is no file of that name.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
    }
}
