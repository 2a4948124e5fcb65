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

    func load() throws -> Topology {
        if let file { return try Topology.load(path: file) }
        guard FileManager.default.fileExists(atPath: Self.usualFile) else {
            throw CommandFailure(
                .refused, "there is no \(Self.usualFile) in this directory: give the topology file with --topology FILE"
            )
        }
        return try Topology.load(path: Self.usualFile)
    }
}
