import Foundation
import Yams

extension Topology {
    /// A larger file is refused unread.
    package static let fileSizeMaxBytes = 1 << 20

    /// Reads a topology file.
    package static func load(path: String) throws(TopologyError) -> Topology {
        try parse(yaml: try text(path: path), file: path)
    }

    /// What a topology file says, unread.
    static func text(path: String) throws(TopologyError) -> String {
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
        return yaml
    }

    /// Reads a topology from text; `file` is the name that mistakes are reported under.
    package static func parse(yaml: String, file: String) throws(TopologyError) -> Topology {
        var nodes = NodeReader(file: file)
        ScreenedText.screen(yaml, into: &nodes)
        guard nodes.mistakes.isEmpty else { throw refused(nodes.mistakes) }
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            throw refused([SyntaxMistake.mistake(error, file: file)])
        }
        guard let root else {
            nodes.note("the file is empty: write name: and regions:", line: 1, column: 1)
            throw refused(nodes.mistakes)
        }
        var reader = TopologyReader(nodes)
        guard let topology = reader.readTopology(root) else { throw refused(reader.mistakes) }
        return topology
    }

    /// In the order of the file, whatever order they were found in.
    private static func refused(_ mistakes: [Mistake]) -> TopologyError {
        TopologyError(
            .invalid, "the topology file is refused",
            mistakes: mistakes.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
    }
}
