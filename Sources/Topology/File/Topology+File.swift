import Foundation

extension Topology {
    /// A larger file is refused unread.
    package static let fileSizeMaxBytes = 1 << 20

    /// Reads a topology file.
    package static func load(path: String) throws(TopologyError) -> Topology {
        let data: Data
        do {
            guard let file = FileHandle(forReadingAtPath: path) else { throw CocoaError(.fileReadNoSuchFile) }
            defer { try? file.close() }
            data = try file.read(upToCount: fileSizeMaxBytes + 1) ?? Data()
        } catch {
            let isThere = FileManager.default.fileExists(atPath: path)
            let reason = isThere ? "cannot be read: check its permissions" : "not found: give its path with --topology"
            throw TopologyError(.unreadable, "topology file \(path) \(reason)", cause: error)
        }
        guard data.count <= fileSizeMaxBytes else {
            throw TopologyError(
                .unreadable, "topology file \(path) is over \(fileSizeMaxBytes) bytes: is it a topology at all?")
        }
        guard let yaml = String(validating: data, as: UTF8.self) else {
            throw TopologyError(.unreadable, "topology file \(path) is not UTF-8: save it as UTF-8")
        }
        return try parse(yaml: yaml, file: path)
    }

    /// Reads a topology from text; `file` is the name that mistakes are reported under.
    package static func parse(yaml: String, file: String) throws(TopologyError) -> Topology {
        throw TopologyError(.invalid, "")
    }
}
