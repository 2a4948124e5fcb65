import CareRecord
import Foundation
import TestSupport
import Testing

/// `Docker/monitoring/grafana/dashboards`.
@Suite("The dashboard")
struct DashboardTests {
    private static let path = "\(packageDirectory)/Docker/monitoring/grafana/dashboards/wherry.json"

    @Test("each metric that a panel asks for is one that a worker tells")
    func metrics() async throws {
        let data = try #require(FileManager.default.contents(atPath: Self.path))
        let panels = try #require(try JSON.parse(Array(data))["panels"]?.elements)
        #expect(panels.count > 10)
        try await RunningGateway.with { gateway async throws in
            let lines = try await gateway.ask(.get, "/metrics").text.split(separator: "\n")
            let told = Set(
                lines.filter { $0.hasPrefix("# TYPE ") }
                    .compactMap { line in line.split(separator: " ").dropFirst(2).first.map(String.init) })
            for panel in panels {
                let asked = (panel["targets"]?.elements ?? []).compactMap { $0["expr"]?.text }.flatMap(Self.metrics)
                #expect(Set(asked).isSubset(of: told), "\(panel["title"]?.text ?? "?"): \(asked)")
            }
        }
    }

    /// The metrics that an expression of PromQL names.
    private static func metrics(in expression: String) -> [String] {
        expression.matches(of: /(wherry|process)_[a-z_]*[a-z]/).map { match in
            String(match.output.0).replacing(/_bucket$/, with: "")
        }
    }
}
