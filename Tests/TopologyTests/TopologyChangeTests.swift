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

    @Test("replicas that come and go are told, with those of HIEs that do") func replicas() throws {
        func topology(_ seats: String...) throws -> Topology {
            let seats = try seats.map { try #require(Seat($0)) }
            let hies = Set(seats.map(\.hie)).sorted().map { hie in
                HIE(
                    id: hie, name: hie.text, region: "nel", status: .connected, sites: [],
                    replicas: seats.filter { $0.hie == hie }.compactMap(\.replica))
            }
            let broker = Broker(addresses: ["amqp://one"], managementURL: nil)
            return Topology(
                name: "Mesh", regions: [Region(id: "nel", name: "NEL", partnership: "R", broker: broker, hies: hies)])
        }
        let change = TopologyChange(
            from: try topology("a", "a.x", "a.y", "b.x"), to: try topology("a", "a.y", "a.z", "c.x"))
        #expect(change.replicasAdded.map(\.text) == ["a.z", "c.x"])
        #expect(change.replicasRemoved.map(\.text) == ["a.x", "b.x"])
    }

    @Test("a region whose broker is elsewhere is told") func brokers() throws {
        let change = TopologyChange(
            from: try topology(("a", .connected)), to: try topology(("a", .connected), address: "amqp://two"))
        #expect(change.moved == ["nel"] && change.connected == [] && change.removed == [])
    }
}
