import CareRecord
import Foundation
import LoadTest
import TestSupport
import Testing

/// The command of an operator, and a worker with its certificate.
@Suite("Accounts by wherry topology apply", .timeLimit(.minutes(5)))
struct AccountVerbTests {
    private let directory: TemporaryDirectory
    private let peer: TLSBroker
    private let topology: String
    private let hie = "barts"

    init() async throws {
        directory = try TemporaryDirectory()
        peer = try await TLSBroker(clients: ["barts": "barts"], hasManagement: true)
        topology = try Files.write(
            """
            name: Mesh
            regions:
              - id: nel
                name: North East London
                partnership: Record
                broker: { addresses: ["\(peer.url)"], management: "\(peer.managementURL)" }
                hies:
                  - { id: barts, name: Barts, status: connected, sites: [{ name: A, service: acute }] }
            """, "topology.yaml", in: directory)
        _ = try Files.write("guest\n", "password", in: directory)
    }

    private func topology(_ verb: String, _ more: String..., of file: String? = nil) async throws
        -> WherryProcess.Result
    {
        try await WherryProcess(
            [
                "topology", verb, "--topology", file ?? topology, "--tls-ca", peer.path("ca.pem"), "--broker-user",
                "guest",
                "--broker-password-file", directory.file("password"),
            ] + more
        ).result()
    }

    private func json(_ result: WherryProcess.Result) -> JSON? {
        (try? JSON.parse(Array(result.output.utf8)))?["brokers"]?.elements?.first
    }

    @Test("plan, apply and drift show accounts, and a worker logs in to its own with its certificate")
    func verbs() async throws {
        let planned = json(try await topology("plan", "--json"))?["missing"]?.elements ?? []
        #expect(planned.contains { $0["kind"]?.text == "account" && $0["name"]?.text == hie })
        let without = json(try await topology("plan", "--no-accounts", "--json"))?["missing"]?.elements ?? []
        #expect(!without.isEmpty && !without.contains { $0["kind"]?.text == "account" })

        let applied = try await topology("apply", "--json")
        #expect(applied.status == 0, "\(applied.errors)")
        #expect(json(applied)?["accounts"]?.integer == 1)
        #expect(try await topology("drift").status == 0)

        let worker = try await WorkerProcess.start(
            hie, topology: topology, data: directory.file(hie), "--tls-ca", peer.path("ca.pem"), "--tls-cert",
            peer.path("barts.pem"), "--tls-key", peer.path("barts.key"))
        let isConnected = try await eventually {
            let status = try await WherryProcess.run("status", "--from", worker.url, "--json")
            let state = (try? JSON.parse(Array(status.output.utf8)))?["brokers"]?.elements?.first?["state"]?.text
            return state == "connected"
        }
        #expect(isConnected)
        #expect(try await worker.stop().status == 0)

        try await peer.broker.ctl("set_permissions", hie, ".*", ".*", ".*")
        let drifted = try await topology("drift", "--json")
        #expect(drifted.status == 1)
        let account = json(drifted)?["different"]?.elements?.first
        #expect(account?["kind"]?.text == "account" && account?["name"]?.text == hie)
        #expect(account?["properties"]?.elements?.map { $0["name"]?.text } == ["configure", "read", "write"])
        let shown = try await topology("plan")
        #expect(shown.output.contains("wherry topology apply sets it right"))
        #expect(try await topology("apply").status == 0)
        #expect(try await topology("drift").status == 0)

        let other = try Files.write(
            try String(contentsOfFile: topology, encoding: .utf8).replacing("id: barts", with: "id: other"),
            "other.yaml", in: directory)
        let pruned = try await topology("apply", "--prune", "--json", of: other)
        #expect(pruned.status == 0, "\(pruned.errors)")
        #expect(json(pruned)?["removed"]?.elements?.contains { $0["kind"]?.text == "account" } == true)
    }
}
