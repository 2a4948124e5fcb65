import AMQP
import CareRecord
import Foundation
import TestSupport
import Testing
import Topology

@Suite("What a topology is turned into")
struct OutputTests {
    private static func london() throws -> Topology {
        try Topology.load(path: "\(packageDirectory)/Topology/onelondon.yaml")
    }

    @Test("definitions hold every object under the virtual host, the same bytes each time, and no users")
    func definitions() throws {
        let london = try Self.london()
        let link = try #require(london.links(brokerURL: "amqp://me:hush@localhost/mesh").first)
        let objects = BrokerObjects(topology: london, link: link)
        let json = try Definitions(objects, virtualHost: "mesh").json()
        #expect(json == (try Definitions(objects, virtualHost: "mesh").json()))
        let text = String(decoding: json, as: UTF8.self)
        #expect(!text.contains("hush") && !text.contains("users") && !text.contains("password"))
        let tree = try #require(try JSONSerialization.jsonObject(with: json) as? [String: [[String: Any]]])
        #expect(tree["exchanges"]?.count == objects.exchanges.count)
        #expect(tree["queues"]?.count == objects.queues.count)
        #expect(tree["bindings"]?.count == objects.bindings.count)
        #expect(tree["vhosts"]?.compactMap { $0["name"] as? String } == ["mesh"])
        #expect(tree["queues"]?.allSatisfy { $0["vhost"] as? String == "mesh" } == true)
    }

    @Test("the diagram holds every region, HIE and site once, and dashes what is planned")
    func diagram() throws {
        let london = try Self.london()
        let lines = Diagram(london).description.split(separator: "\n")
        #expect(lines.first == "flowchart LR")
        for region in london.regions {
            #expect(lines.count { $0.contains("subgraph region_\(region.id)[") } == 1)
        }
        #expect(lines.count { $0.contains(" --- broker_") } == 8)
        #expect(lines.count { $0.contains(" -.- broker_nwl") } == 2)
        #expect(lines.count { $0.hasSuffix(":::planned") } == 2)
        #expect(lines.contains { $0.contains("North Middlesex (by link)") })
        #expect(lines.count { $0.contains("-- changes -->") } == 4 * 3)
    }

    @Test("no text of the file can break out of a label of the diagram")
    func labels() throws {
        let yaml = """
            name: T
            regions:
              - id: end
                name: 'a"] --> b <script> #quot; & c'
                partnership: P
                broker: {addresses: ["amqp://h"]}
                hies: [{id: a-, name: A, status: connected, sites: [{name: S, service: gp}], replicas: [x, y]}]
            """
        let diagram = Diagram(try Topology.parse(yaml: yaml, file: "t")).description
        #expect(diagram.contains("[\"a#quot;] --#gt; b #lt;script#gt; #35;quot; #amp; c<br/>P\"]"))
        #expect(diagram.contains("hie_a_ --- broker_end"))
        #expect(diagram.contains("hie_a_[\"A (a-)<br/>read replicas x, y<br/>S\"]"))
    }
}

@Suite("Credentials for brokers")
struct BrokerAccessTests {
    @Test("they are used where the URL brings none")
    func use() throws {
        let access = BrokerAccess(user: "worker", password: "hush")
        #expect(
            try access.endpoint("amqp://h").authentication == .plain(user: "worker", password: "hush"))
        #expect(try access.endpoint("amqp://you:yours@h").authentication == .plain(user: "you", password: "yours"))
        #expect(
            try BrokerAccess().endpoint("amqp://h/mesh").authentication == .plain(user: "guest", password: "guest"))
    }

    @Test("TLS files count for amqps only")
    func tls() throws {
        let access = BrokerAccess(tls: TLSFiles(ca: "ca.pem", certificate: "c.pem", key: "k.pem"))
        #expect(try access.endpoint("amqp://h").tls == nil)
        #expect(try access.endpoint("amqps://h").tls?.ca == "ca.pem")
        guard case .external = try access.endpoint("amqps://h").authentication else {
            Issue.record("a certificate without a user logs in by itself")
            return
        }
    }

    @Test("neither a description nor a dump shows the password")
    func hidden() throws {
        let access = BrokerAccess(user: "worker", password: "hush")
        var dumped = ""
        dump(access, to: &dumped)
        #expect(!"\(access) \(dumped) \(String(reflecting: access))".contains("hush"))
        let error = try #require(throws: TopologyError.self) { try access.endpoint("amqp://a:hush@h:x") }
        #expect(error.code == .invalidAddress)
        #expect(!error.description.contains("hush"))
    }
}
