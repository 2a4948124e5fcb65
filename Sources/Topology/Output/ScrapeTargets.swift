import CareRecord

/// Where Prometheus finds the workers of ``Compose``, in the form of its `file_sd_configs`.
package struct ScrapeTargets: Sendable, CustomStringConvertible {
    private let deployment: Deployment

    package init(_ deployment: Deployment) {
        self.deployment = deployment
    }

    package var description: String {
        var lines = ["# Made by wherry topology export --format prometheus --topology \(deployment.file)"]
        for region in deployment.regions {
            lines.append("- labels: {region: \(region.name)}")
            lines.append("  targets:")
            lines += region.seats.map { "    - worker-\($0):\(Compose.httpPort)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
