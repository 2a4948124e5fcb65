extension Topology {
    /// A larger file is refused unread.
    package static let fileSizeMaxBytes = YAMLFile.sizeMaxBytes
    private static let file = YAMLFile(what: "topology file", remedy: "give its path with --topology")

    /// Reads a topology file.
    package static func load(path: String) throws(TopologyError) -> Topology {
        try parse(yaml: try text(path: path), file: path)
    }

    /// What a topology file says, unread.
    package static func text(path: String) throws(TopologyError) -> String {
        do {
            return try file.text(path: path)
        } catch {
            throw TopologyError(error)
        }
    }

    /// Reads a topology from text; `file` is the name that mistakes are reported under.
    package static func parse(yaml: String, file: String) throws(TopologyError) -> Topology {
        var nodes = NodeReader(file: file)
        do throws(YAMLFile.Failure) {
            let root = try Self.file.tree(of: yaml, first: "name: and regions:", into: &nodes)
            var reader = TopologyReader(nodes)
            guard let topology = reader.readTopology(root) else {
                throw YAMLFile.Failure.refused(reader.mistakes)
            }
            return topology
        } catch {
            throw TopologyError(error)
        }
    }
}

extension TopologyError {
    fileprivate init(_ failure: YAMLFile.Failure) {
        switch failure {
        case .unreadable(let reason, let cause): self.init(.unreadable, reason, cause: cause)
        case .refused(let mistakes): self.init(.invalid, "the topology file is refused", mistakes: mistakes.inOrder)
        }
    }
}
