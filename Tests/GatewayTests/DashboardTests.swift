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
            let told = try await gateway.ask(.get, "/metrics").text.split(separator: "\n")
                .filter { $0.hasPrefix("# TYPE ") }.compactMap { $0.split(separator: " ").dropFirst(2).first }
            for panel in panels {
                let asked = (panel["targets"]?.elements ?? []).compactMap { $0["expr"]?.text }
                    .flatMap { $0.matches(of: /(wherry|process)_[a-z_]*[a-z]/).map(\.output.0) }
                    .map { $0.replacing(/_bucket$/, with: "") }
                #expect(Set(asked).isSubset(of: told.map(String.init)), "\(panel["title"]?.text ?? "?"): \(asked)")
            }
        }
    }
}
