import Foundation
import TestSupport
import Testing

@Suite("wherry topology export")
struct ExportTests {
    private static let topology = "\(packageDirectory)/Topology/onelondon-cluster.yaml"

    private func export(_ format: String, _ arguments: String...) async throws -> WherryProcess.Result {
        try await WherryProcess(["topology", "export", "--topology", Self.topology, "--format", format] + arguments)
            .result()
    }

    @Test("every form is printed as it is committed")
    func forms() async throws {
        for (format, file) in [("compose", "compose.cluster.yaml"), ("cluster", "rabbitmq/cluster-nel.conf")] {
            let result = try await export(format)
            #expect(result.status == 0 && result.errors.isEmpty)
            #expect(try result.output == String(contentsOfFile: "\(packageDirectory)/Docker/\(file)", encoding: .utf8))
        }
        #expect(try await export("kubernetes").output.contains("kind: RabbitmqCluster"))
        #expect(try await export("prometheus").output.contains("worker-barts:8080"))
        #expect(try await export("cluster", "--region", "nel").status == 0)
    }

    @Test("what is of the whole mesh takes no region, and what is of one broker needs one")
    func selection() async throws {
        let region = try await export("compose", "--region", "nel")
        #expect(region.status == 2 && region.errors.contains("--region"))
        let single = try await export("cluster", "--region", "sel")
        #expect(single.status == 2 && single.errors.contains("the broker of region sel has one address"))
        let many = try await export("definitions")
        #expect(many.status == 2 && many.errors.contains("choose one of nel, sel, swl, ncl, nwl with --region"))
    }
}
