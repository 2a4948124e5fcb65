import CareRecord
import TestSupport
import Testing
import Topology

@testable import LoadTest

@Suite("The topology of a run")
struct RunTopologyTests {
    private static func london() throws -> Topology {
        try Topology.load(path: "\(packageDirectory)/Topology/onelondon-complete.yaml")
    }

    @Test("the first connected HIEs take part, and regions without one are left out")
    func cut() throws {
        let run = try RunTopology(Self.london(), hies: 4, brokers: 1)
        #expect(run.hies.map(\.text) == ["barts", "homerton", "bhrut", "lewisham-greenwich"])
        #expect(run.topology.regions.map(\.id) == ["nel", "sel"])
        let planned = try Topology.load(path: "\(packageDirectory)/Topology/onelondon.yaml")
        #expect(try RunTopology(planned, hies: 8, brokers: 1).topology.connected.count == 8)
    }

    @Test("regions are spread over the brokers, and workers find theirs in the file")
    func spread() throws {
        let run = try RunTopology(Self.london(), hies: 10, brokers: 2)
        let placed = run.placed(on: ["amqp://127.0.0.1:1001", "amqp://127.0.0.1:1002"])
        #expect(placed.links().map(\.name) == ["nel+swl+nwl", "sel+ncl"])
        let croydon = try #require(HIEIdentifier("croydon"))
        let ncl = try #require(HIEIdentifier("ncl"))
        #expect(run.broker(of: croydon) == 0 && run.broker(of: ncl) == 1)
    }

    @Test("the file that is written is read as the same topology")
    func file() throws {
        let run = try RunTopology(Self.london(), hies: 10, brokers: 3)
        let placed = run.placed(on: (1...3).map { "amqp://127.0.0.1:100\($0)" })
        #expect(try Topology.parse(yaml: placed.yaml, file: "topology.yaml") == placed)
    }

    @Test("names of any kind and shares survive the file")
    func names() throws {
        let barts = try #require(HIEIdentifier("barts"))
        let name = #"A "quoted" & *starred*: \ name, — é # yes"#
        let hie = HIE(
            id: barts, name: name, region: "nel", status: .connected,
            sites: [Site(name: name, service: .nhs111, access: .link)],
            shares: [.allergy: .pointer, .document: .nothing])
        let topology = Topology(
            name: name,
            regions: [
                Region(
                    id: "nel", name: name, partnership: name,
                    broker: Broker(addresses: ["amqp://127.0.0.1:1"], managementURL: nil), hies: [hie])
            ])
        #expect(try Topology.parse(yaml: topology.yaml, file: "topology.yaml") == topology)
    }

    @Test("more HIEs than are connected, and more brokers than regions, are refused with what there is")
    func refused() throws {
        let london = try Self.london()
        #expect {
            try RunTopology(london, hies: 11, brokers: 1)
        } throws: {
            ($0 as? LoadTestError)?.code == .refused && "\($0)".contains("asks for 11 HIEs, and the topology has 10")
        }
        #expect {
            try RunTopology(london, hies: 3, brokers: 2)
        } throws: {
            "\($0)".contains("asks for 2 brokers, and its 3 HIEs are in 1 region:")
        }
        #expect(throws: LoadTestError.self) { try RunTopology(london, hies: 0, brokers: 1) }
        #expect(throws: LoadTestError.self) { try RunTopology(london, hies: 1, brokers: 0) }
    }
}
