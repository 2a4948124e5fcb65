import CareRecord
import Foundation
import Testing
import Topology

@Suite("Reading a topology file")
struct TopologyFileTests {
    static let valid = """
        name: Two
        regions:
          - id: east
            name: East
            partnership: Eastern Record
            broker:
              addresses: ["amqps://a.example", "amqps://b.example:5673"]
              virtualHost: mesh/one
              management: https://a.example:15671/
            hies:
              - id: alpha
                name: Alpha
                status: connected
                sites:
                  - {name: One, service: mental-health}
                  - {name: Two, service: nhs-111, access: link}
                shares: {document: pointer, imaging: nothing}
          - id: west
            name: West
            partnership: Western Record
            broker: {addresses: ["amqp://c.example"]}
            hies:
              - id: beta
                name: Beta
                status: planned
                sites: [{name: Three, service: gp}]
        """

    private static let manyReplicas = (1...17).map { "r\($0)" }.joined(separator: ", ")

    @Test("an HIE's replicas are its workers beside the primary, in the order of the file, none unless it says so")
    func replicas() throws {
        let yaml = Self.valid.replacing("imaging: nothing}", with: "imaging: nothing}\n        replicas: [ward-7, a]")
        let topology = try Topology.parse(yaml: yaml, file: "t.yaml")
        let alpha = try #require(topology.region("east")?.hies.first)
        #expect(alpha.seats.map(\.text) == ["alpha", "alpha.ward-7", "alpha.a"])
        #expect(topology.region("west")?.hies.first?.seats.map(\.text) == ["beta"])
        let beta = try #require(HIEIdentifier("beta"))
        #expect(topology.connecting([alpha.id, beta]).hies.first?.replicas == alpha.replicas)
    }

    @Test("every field arrives where it belongs")
    func fields() throws {
        let topology = try Topology.parse(yaml: Self.valid, file: "t.yaml")
        let east = try #require(topology.region("east"))
        #expect(east.partnership == "Eastern Record")
        #expect(
            east.broker.addresses == ["amqps://a.example:5671/mesh%2Fone", "amqps://b.example:5673/mesh%2Fone"])
        #expect(east.broker.managementURL == "https://a.example:15671")
        let alpha = try #require(east.hies.first)
        #expect(alpha.region == "east")
        #expect(
            alpha.sites == [
                Site(name: "One", service: .mentalHealth, access: .record),
                Site(name: "Two", service: .nhs111, access: .link),
            ])
        #expect(alpha.share(.document) == .pointer)
        #expect(alpha.share(.imaging) == .nothing)
        #expect(alpha.share(.allergy) == .entry)
        #expect(topology.region("west")?.broker.addresses == ["amqp://c.example:5672"])
        #expect(topology.region("west")?.hies.first?.status == .planned)
    }

    struct Slip: Sendable, CustomTestStringConvertible {
        /// What is replaced in the valid file, and by what.
        let this: String
        let that: String
        /// Line, column and the beginning of the message.
        let expected: String
        var testDescription: String { expected }

        init(_ this: String, _ that: String, _ expected: String) {
            self.this = this
            self.that = that
            self.expected = expected
        }
    }

    @Test(
        "a mistake is reported where it is, with what to write",
        arguments: [
            Slip("name: Two", "name:", "1:6: `name` is empty"),
            Slip("name: Two", "name: [a]", "1:7: `name` is a text, not a list"),
            Slip("name: Two\n", "", "1:1: the topology lacks `name`: add"),
            Slip("regions:", "regoins:", "2:1: the topology has no `regoins`; did you mean `regions`?"),
            Slip("partnership: Eastern", "colour: Eastern", "5:5: a region has no `colour`; it has `id`"),
            Slip("id: east", "id: East", "3:9: the id `East` becomes part of queue names: write a lowercase letter"),
            Slip("id: west", "id: east", "18:9: region `east` is there already, in line 3"),
            Slip("id: beta", "id: alpha", "23:13: HIE `alpha` is there already, in line 11"),
            Slip(
                "status: planned", "status: planed", "25:17: the status `planed` is unknown: write connected, planned"),
            Slip("service: gp", "service: hospital", "26:40: the service `hospital` is unknown: write acute"),
            Slip("access: link", "access: links", "16:51: the access `links` is unknown: write record, link; did you"),
            Slip(
                "document: pointer", "document: some",
                "17:28: the share `some` is unknown: write entry, pointer, nothing"),
            Slip(
                "document: pointer", "documents: pointer",
                "17:18: `shares` has no `documents`; did you mean `document`?"),
            Slip(
                "shares: {document: pointer, imaging: nothing}", "replicas: a", "17:19: `replicas` is a list (one - a"),
            Slip(
                "shares: {document: pointer, imaging: nothing}", "replicas: [a, B]",
                "17:23: the replica `B` becomes part of queue names: write a lowercase letter, then up to 19 of a-z"),
            Slip(
                "shares: {document: pointer, imaging: nothing}", "replicas: [a, a]",
                "17:23: replica `a` is there already"),
            Slip(
                "shares: {document: pointer, imaging: nothing}", "replicas: [\(manyReplicas)]",
                "17:19: more than 16 replicas of an HIE"),
            Slip("sites: [{name: Three, service: gp}]", "sites: []", "26:16: there are no sites: add"),
            Slip(
                "sites: [{name: Three, service: gp}]", "sites: gp",
                "26:16: `sites` is a list (one - a line), not a text"),
            Slip(
                "amqp://c.example", "http://c.example", "21:26: the broker URL cannot be used: it must begin with"),
            Slip("amqp://c.example", "amqp://c.example/mesh", "21:26: an address ends with its port: name the virtual"),
            Slip("amqp://c.example", "amqp://c.example:99999", "21:26: the broker URL cannot be used: the port"),
            Slip("amqp://c.example", "amqp://me:hush@c.example", "21:26: a user name or password does not belong in"),
            Slip("https://a.example:15671/", "https://me:hush@a.example", "9:19: a user name or password does not"),
            Slip("https://a.example:15671/", "a.example:15671", "9:19: the management URL cannot be used: write https"),
            Slip("[\"amqp://c.example\"]", "[]", "21:25: there are no addresses: add"),
            Slip("    name: West", "\tname: West", "19:1: a tab in the indentation: YAML takes spaces only"),
            Slip("name: Beta", "name: Beta: Two", "24:19: not YAML: mapping values are not allowed"),
            Slip("name: Beta", "name: \"Beta", "26:"),
            Slip(
                "name: West", "name: West\n    name: North", "19:5: `name` is there more than once in the same"),
            Slip("name: Beta", "name: &b Beta", "24:15: anchors and aliases (& and *) are not used here"),
            Slip("name: Beta", "name: *b", "24:15: anchors and aliases (& and *) are not used here"),
            Slip("name: Two\n", "name: Two\n---\n", "2:1: "),
        ])
    func mistakes(_ slip: Slip) throws {
        let place = try #require(Self.valid.range(of: slip.this))
        let yaml = Self.valid.replacingCharacters(in: place, with: slip.that)
        let error = try #require(throws: TopologyError.self) { try Topology.parse(yaml: yaml, file: "t.yaml") }
        #expect(error.code == .invalid)
        #expect(error.mistakes.contains { "\($0)".hasPrefix("t.yaml:\(slip.expected)") }, "\(error)")
        #expect(!error.description.contains("hush"))
    }

    @Test("an ampersand or an asterisk in a name is text", arguments: ["A & B", "A&B", "\"&b\"", "B *", "'*b'"])
    func ampersand(_ name: String) throws {
        let yaml = Self.valid.replacingOccurrences(of: "name: Beta", with: "name: \(name)")
        let topology = try Topology.parse(yaml: yaml, file: "t.yaml")
        #expect(topology.hies.last?.name == name.trimmingCharacters(in: ["\"", "'"]))
    }

    @Test("several mistakes are reported together, in the order of the file")
    func together() throws {
        let yaml = Self.valid
            .replacingOccurrences(of: "status: planned", with: "status: x")
            .replacingOccurrences(of: "id: east", with: "id: E")
            .replacingOccurrences(of: "service: nhs-111", with: "service: 111")
        let error = try #require(throws: TopologyError.self) { try Topology.parse(yaml: yaml, file: "t.yaml") }
        #expect(error.mistakes.map(\.line) == [3, 16, 25])
    }

    @Test("the number of mistakes reported is bounded")
    func bounded() throws {
        let sites = (1...1_000).map { "{name: S\($0), service: x}" }.joined(separator: ", ")
        let yaml = Self.valid.replacingOccurrences(of: "{name: Three, service: gp}", with: sites)
        let error = try #require(throws: TopologyError.self) { try Topology.parse(yaml: yaml, file: "t.yaml") }
        #expect(error.mistakes.count == 20)
        #expect(error.description.hasSuffix("more mistakes may follow: correct these first"))
    }

    @Test(
        "a file without a topology is refused", arguments: ["", "# only a comment", "[]", "text", "{}", "regions: []"])
    func nothing(_ yaml: String) throws {
        let error = try #require(throws: TopologyError.self) { try Topology.parse(yaml: yaml, file: "t.yaml") }
        #expect(!error.mistakes.isEmpty)
    }

    @Test("deep nesting is refused", arguments: ["[", "- ", "{a: ", "? "])
    func deep(_ level: String) throws {
        let yaml = String(repeating: level, count: 100_000)
        let error = try #require(throws: TopologyError.self) { try Topology.parse(yaml: yaml, file: "t.yaml") }
        #expect(error.code == .invalid)
    }

    @Test("any cut of a valid file is either read or refused")
    func cuts() {
        for length in 0..<Self.valid.count {
            let cut = String(Self.valid.prefix(length))
            do {
                _ = try Topology.parse(yaml: cut, file: "t.yaml")
            } catch {
                #expect(!error.mistakes.isEmpty, "no mistake is named for a cut at \(length)")
            }
        }
    }

    @Test("a missing file, a large one and one in another encoding say what to do")
    func unreadable() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "wherry-topology-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let cases: [(name: String, content: Data?, reason: String)] = [
            ("missing", nil, "not found: give its path with --topology"),
            ("large", Data(repeating: UInt8(ascii: "#"), count: Topology.fileSizeMaxBytes + 1), "over 1048576 bytes"),
            ("latin", Data([0x6e, 0xe9]), "is not UTF-8: save it as UTF-8"),
        ]
        for (name, content, reason) in cases {
            let file = directory.appending(path: name)
            try content?.write(to: file)
            let error = try #require(throws: TopologyError.self) { try Topology.load(path: file.path) }
            #expect(error.code == .unreadable)
            #expect(error.description.contains(reason))
        }
    }
}
