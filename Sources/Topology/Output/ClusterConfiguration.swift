/// What the nodes of a region's cluster must know of one another, as a part of `rabbitmq.conf`.
package struct ClusterConfiguration: Sendable, CustomStringConvertible {
    private let region: Deployment.Region

    package init(_ region: Deployment.Region) {
        self.region = region
    }

    package var description: String {
        var lines = [
            "# The nodes of \(region.name), made by wherry topology export --format cluster.",
            "cluster_name = \(region.name)",
            "cluster_formation.peer_discovery_backend = classic_config",
        ]
        for (number, node) in region.nodes.enumerated() {
            lines.append("cluster_formation.classic_config.nodes.\(number + 1) = rabbit@\(node.name)")
        }
        lines += [
            "# The smaller part of a cluster that fell apart stands still: no queue lives twice.",
            "cluster_partition_handling = pause_minority",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}
