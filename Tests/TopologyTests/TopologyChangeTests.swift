import CareRecord
import Testing

@testable import Topology

@Suite("What changed between two topologies") struct TopologyChangeTests {
    private func topology(_ hies: (String, HIE.Status)..., address: String = "amqp://one") throws -> Topology {
        let members = try hies.map { id, status in
            HIE(id: try #require(HIEIdentifier(id)), name: id, region: "nel", status: status, sites: [])
        }
        let broker = Broker(addresses: [address], managementURL: nil)
        return Topology(
            name: "Mesh", regions: [Region(id: "nel", name: "NEL", partnership: "R", broker: broker, hies: members)])
    }

    @Test("HIEs that were connected, set back, added and removed are each told") func hies() throws {
        let change = TopologyChange(
            from: try topology(("a", .connected), ("b", .planned), ("c", .connected)),
            to: try topology(("a", .planned), ("b", .connected), ("d", .connected), ("e", .planned)))
        #expect(change.connected.map(\.text) == ["b", "d"] && change.setBack.map(\.text) == ["a"])
        #expect(change.added.map(\.text) == ["d", "e"] && change.removed.map(\.text) == ["c"])
        #expect(change.moved == [])
    }

    @Test("a region whose broker is elsewhere is told") func brokers() throws {
        let change = TopologyChange(
            from: try topology(("a", .connected)), to: try topology(("a", .connected), address: "amqp://two"))
        #expect(change.moved == ["nel"] && change.connected == [] && change.removed == [])
    }
}
