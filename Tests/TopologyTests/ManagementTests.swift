import AMQP
import CareRecord
import Foundation
import LoadTest
import TestSupport
import Testing
import Topology

@Suite("A real broker's objects, read by its management API")
struct ManagementTests {
    private static func london() throws -> Topology {
        try Topology.load(path: "\(packageDirectory)/Topology/onelondon.yaml")
    }

    private static func difference(_ topology: Topology, _ url: String) async throws -> BrokerDifference {
        let link = try #require(topology.links(brokerURL: url).first)
        return try await topology.difference(at: link, access: BrokerAccess(), managementURL: nil)
    }

    /// Imports what `wherry topology export` prints, with the broker's own tool.
    private static func importDefinitions(
        of topology: Topology, into host: PrivateBroker.VirtualHost, at broker: PrivateBroker
    ) async throws {
        let link = try #require(topology.links(brokerURL: host.url).first)
        let json = try Definitions(BrokerObjects(topology: topology, link: link), virtualHost: host.name).json()
        let file = FileManager.default.temporaryDirectory.appending(path: "wherry-\(host.name).json")
        try json.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try await broker.ctl("import_definitions", file.path)
    }

    @Test("exported definitions that a broker imports leave no difference")
    func imported() async throws {
        let broker = try await PrivateBroker.shared(hasManagement: true)
        let host = try await broker.makeVirtualHost()
        let london = try Self.london()
        let before = try await Self.difference(london, host.url)
        let link = try #require(london.links(brokerURL: host.url).first)
        #expect(before.missing == BrokerObjects(topology: london, link: link))
        #expect(before.conflicts.isEmpty && before.stale.isEmpty)
        try await Self.importDefinitions(of: london, into: host, at: broker)
        #expect(try await Self.difference(london, host.url).isEmpty)
    }

    @Test("an HIE that is connected later is what is missing, and one that has left is what is stale")
    func joining() async throws {
        let broker = try await PrivateBroker.shared(hasManagement: true)
        let host = try await broker.makeVirtualHost()
        let london = try Self.london()
        let imperial = try #require(london.hies.first { $0.id.text == "imperial" }).id
        let later = london.connecting([imperial])
        try await Self.importDefinitions(of: london, into: host, at: broker)
        let joining = try await Self.difference(later, host.url)
        #expect(
            joining.missing.queues.map(\.name).sorted() == [
                "wherry.changes.imperial", "wherry.dead.imperial", "wherry.pulses.imperial",
                "wherry.requests.imperial",
            ])
        #expect(joining.missing.bindings.count == 8 * 2 * 2 + 3)
        try await Self.importDefinitions(of: later, into: host, at: broker)
        let leaving = try await Self.difference(london, host.url)
        #expect(leaving.stale.queues == joining.missing.queues.sorted { $0.name < $1.name })
        #expect(leaving.stale.bindings == joining.missing.bindings.sorted())
        #expect(leaving.missing.isEmpty && leaving.conflicts.isEmpty)
    }

    @Test("a refused user, an unknown virtual host and a silent port each say what to do")
    func unavailable() async throws {
        let broker = try await PrivateBroker.shared(hasManagement: true)
        let cases = [
            (broker.url.replacingOccurrences(of: "guest:guest", with: "guest:wrong"), "give --broker-user"),
            (broker.url + "/nowhere", "knows no virtual host nowhere"),
            ("amqp://127.0.0.1:1", "does not answer: check that the plugin rabbitmq_management is enabled"),
        ]
        for (url, advice) in cases {
            let error = await #expect(throws: TopologyError.self) {
                try await Self.difference(try Self.london(), url)
            }
            #expect(error?.code == .managementUnavailable)
            #expect(error?.description.contains(advice) == true)
            #expect(error?.description.contains("wrong") == false)
        }
    }
}
