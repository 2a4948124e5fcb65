import ArgumentParser
import Foundation
import Topology

/// Where the topology is.
struct TopologyOptions: ParsableArguments {
    static let usualFile = "Topology/onelondon.yaml"

    @Option(
        name: .customLong("topology"),
        help: .init(
            "The topology file (default: \(Self.usualFile), if it is there).", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var file: String?

    func load() throws -> Topology { try Topology.load(path: try path()) }

    /// The file, for whoever looks at it again; `nil` for what can be read but once, such as a pipe.
    func lastingPath() throws -> String? {
        let path = try path()
        let file = URL(filePath: path).resolvingSymlinksInPath()
        let isRegular = try? file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile
        return isRegular == true ? path : nil
    }

    /// The file asked for, or the usual one.
    func path() throws -> String {
        if let file { return file }
        guard FileManager.default.fileExists(atPath: Self.usualFile) else {
            throw CommandFailure(
                .refused, "there is no \(Self.usualFile) in this directory: give the topology file with --topology FILE"
            )
        }
        return Self.usualFile
    }
}
