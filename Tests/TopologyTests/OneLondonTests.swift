import CareRecord
import TestSupport
import Testing
import Topology

@Suite("The committed London topologies")
struct OneLondonTests {
    private static func load(_ name: String) throws -> Topology {
        try Topology.load(path: "\(packageDirectory)/Topology/\(name).yaml")
    }

    @Test("five regions, ten HIEs in the order of the briefing, two of them planned")
    func participants() throws {
        let london = try Self.load("onelondon")
        #expect(london.name == "OneLondon")
        #expect(london.regions.map(\.id) == ["nel", "sel", "swl", "ncl", "nwl"])
        #expect(
            london.hies.map(\.id.text) == [
                "barts", "homerton", "bhrut", "lewisham-greenwich", "kingston", "st-georges", "croydon", "ncl",
                "imperial", "chelsea-westminster",
            ])
        #expect(london.hies.filter { $0.status == .planned }.map(\.id.text) == ["imperial", "chelsea-westminster"])
        #expect(london.connected.count == 8)
        #expect(london.hies.map(\.sites.count) == [5, 1, 3, 2, 1, 2, 1, 4, 5, 2])
        #expect(london.hies.flatMap(\.sites).allSatisfy { $0.service == .acute })
    }

    @Test("two sites of North Central London are reached by link only")
    func links() throws {
        let linked = try Self.load("onelondon").hies.flatMap(\.sites).filter { $0.access == .link }
        #expect(linked.map(\.name) == ["North Middlesex", "The Whittington"])
    }

    @Test("every HIE shares whole entries unless the file says otherwise")
    func shares() throws {
        for hie in try Self.load("onelondon").hies {
            for category in Category.allCases { #expect(hie.share(category) == .entry) }
        }
    }

    @Test("an HIE is found with its region, and an unknown one is not")
    func lookup() throws {
        let london = try Self.load("onelondon")
        let ncl = try #require(HIEIdentifier("ncl"))
        #expect(london.hie(ncl)?.name == "North Central London")
        #expect(london.region(of: ncl)?.id == "ncl")
        #expect(london.region(of: try #require(HIEIdentifier("nobody"))) == nil)
    }

    @Test("the complete topology is the same one with all ten connected")
    func complete() throws {
        let planned = try Self.load("onelondon")
        let complete = try Self.load("onelondon-complete")
        #expect(complete.connected.count == 10)
        #expect(complete.name == planned.name)
        #expect(complete.regions == planned.connecting(Set(planned.hies.map(\.id))).regions)
    }

    @Test("a region has a link from the moment that its first HIE is connected")
    func linkPerRegion() throws {
        #expect(try Self.load("onelondon").links().map(\.name) == ["nel", "sel", "swl", "ncl"])
        let complete = try Self.load("onelondon-complete").links()
        #expect(complete.map(\.name) == ["nel", "sel", "swl", "ncl", "nwl"])
        #expect(complete.last?.sources.map(\.text) == ["imperial", "chelsea-westminster"])
        #expect(complete.first?.addresses == ["amqps://broker.nel.wherry.example:5671"])
    }

    @Test("one broker URL stands for every region, and its password is not shown")
    func oneBroker() throws {
        let links = try Self.load("onelondon").links(brokerURL: "amqp://me:secret@127.0.0.1:5672/mesh")
        #expect(links.count == 1)
        #expect(links.first?.name == "all")
        #expect(links.first?.regions.count == 5)
        #expect(links.first?.sources.count == 8)
        #expect(links.first?.shownAddresses == ["amqp://127.0.0.1:5672/mesh"])
    }
}
