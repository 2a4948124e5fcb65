import AMQP
import CareRecord
import Foundation
import TestSupport
import Testing
import Topology

@Suite("The broker objects of a topology")
struct BrokerObjectsTests {
    private static func london() throws -> Topology {
        try Topology.load(path: "\(packageDirectory)/Topology/onelondon.yaml")
    }

    private static func objects(_ region: String) throws -> BrokerObjects {
        let london = try london()
        let link = try #require(london.links().first { $0.regions.contains(region) })
        return BrokerObjects(topology: london, link: link)
    }

    @Test("every broker has the six exchanges; what reaches nobody is kept, but for replies")
    func exchanges() throws {
        let exchanges = try Self.objects("sel").exchanges
        #expect(
            Dictionary(uniqueKeysWithValues: exchanges.map { ($0.name, $0.kind) }) == [
                "wherry.changes": "topic", "wherry.requests": "direct", "wherry.replies": "topic",
                "wherry.replays": "topic", "wherry.dead": "direct", "wherry.unrouted": "fanout",
            ])
        #expect(exchanges.allSatisfy { $0.isDurable && !$0.isAutoDelete && !$0.isInternal })
        let alternates = exchanges.filter { $0.arguments["alternate-exchange"] == "wherry.unrouted" }.map(\.name)
        #expect(Set(alternates) == ["wherry.changes", "wherry.requests", "wherry.replays", "wherry.dead"])
    }

    @Test("every connected HIE has changes, pulses and dead letters at every broker; planned ones have nothing")
    func streams() throws {
        let names = try Self.objects("sel").queues.map(\.name)
        for hie in try Self.london().hies {
            for kind in ["changes", "pulses", "dead"] {
                #expect(names.contains("wherry.\(kind).\(hie.id)") == (hie.status == .connected))
            }
        }
        #expect(Set(names).count == names.count)
    }

    @Test("questions to an HIE go to its own region's broker only")
    func requests() throws {
        #expect(
            try Self.objects("swl").queues.map(\.name).filter { $0.hasPrefix("wherry.requests.") } == [
                "wherry.requests.kingston", "wherry.requests.st-georges", "wherry.requests.croydon",
            ])
    }

    @Test(
        "a subscriber is bound once to each source of the broker but itself, for changes and pulses, and to its replays"
    )
    func bindings() throws {
        let bindings = try Self.objects("nel").bindings
        let ofHomerton = bindings.filter { $0.queue.hasSuffix(".homerton") }
        #expect(
            ofHomerton == [
                BindingObject(exchange: "wherry.changes", queue: "wherry.changes.homerton", key: "change.barts"),
                BindingObject(exchange: "wherry.changes", queue: "wherry.pulses.homerton", key: "pulse.barts"),
                BindingObject(exchange: "wherry.changes", queue: "wherry.changes.homerton", key: "change.bhrut"),
                BindingObject(exchange: "wherry.changes", queue: "wherry.pulses.homerton", key: "pulse.bhrut"),
                BindingObject(exchange: "wherry.replays", queue: "wherry.changes.homerton", key: "homerton"),
                BindingObject(exchange: "wherry.dead", queue: "wherry.dead.homerton", key: "homerton"),
                BindingObject(exchange: "wherry.requests", queue: "wherry.requests.homerton", key: "homerton"),
            ])
        #expect(Set(bindings).count == bindings.count)
    }

    @Test("a replica has streams of its own at every broker, bound to its own HIE too, and gets no questions")
    func replicas() throws {
        let yaml = try String(contentsOfFile: "\(packageDirectory)/Topology/onelondon.yaml", encoding: .utf8)
            .replacing("      - id: barts\n", with: "      - id: barts\n        replicas: [a, b]\n")
        let london = try Topology.parse(yaml: yaml, file: "t.yaml")
        for link in london.links() {
            let (objects, before) = (
                BrokerObjects(topology: london, link: link), BrokerObjects(topology: try Self.london(), link: link)
            )
            let difference = BrokerDifference(wanted: objects, actual: before)
            #expect(difference.stale.isEmpty && difference.conflicts.isEmpty && difference.missing.exchanges.isEmpty)
            #expect(
                difference.missing.queues.map(\.name)
                    == ["a", "b"].flatMap { replica in
                        ["changes", "pulses", "dead"].map { "wherry.\($0).barts.\(replica)" }
                    })
            let sources = difference.missing.bindings.filter { $0.queue == "wherry.changes.barts.a" }.map(\.key)
            #expect(sources == link.sources.map { "change.\($0)" } + ["barts.a"])
            #expect(
                difference.missing.bindings.filter { $0.queue == "wherry.dead.barts.a" } == [
                    BindingObject(exchange: "wherry.dead", queue: "wherry.dead.barts.a", key: "barts.a")
                ])
            let changes = objects.queues.first { $0.name == "wherry.changes.barts.a" }
            #expect(changes?.arguments["x-dead-letter-routing-key"] == "barts.a")
        }
    }

    @Test("every binding joins an exchange and a queue that are declared")
    func closed() throws {
        for link in try Self.london().links() + Self.london().links(brokerURL: "amqp://localhost") {
            let objects = BrokerObjects(topology: try Self.london(), link: link)
            let exchanges = Set(objects.exchanges.map(\.name))
            let queues = Set(objects.queues.map(\.name))
            #expect(objects.bindings.allSatisfy { exchanges.contains($0.exchange) && queues.contains($0.queue) })
        }
    }

    @Test("over all brokers each pair of connected HIEs has one stream of changes, on one broker or on four")
    func everyPair() throws {
        let london = try Self.london()
        func streams(_ links: [BrokerLink]) -> [String] {
            links.flatMap { BrokerObjects(topology: london, link: $0).bindings }
                .filter { $0.exchange == "wherry.changes" && $0.key.hasPrefix("change.") }
                .map { "\($0.key) \($0.queue)" }.sorted()
        }
        let apart = streams(london.links())
        #expect(apart.count == 8 * 7)
        #expect(Set(apart).count == apart.count)
        #expect(apart == streams(london.links(brokerURL: "amqp://localhost")))
    }

    @Test("each queue is durable and bounded, and its arguments are the design's")
    func arguments() throws {
        let queues = Dictionary(uniqueKeysWithValues: try Self.objects("nel").queues.map { ($0.name, $0) })
        #expect(queues.values.allSatisfy { $0.isDurable && !$0.isAutoDelete && $0.arguments["x-max-length"] != nil })
        #expect(
            queues["wherry.changes.barts"]?.arguments == [
                "x-queue-type": "quorum", "x-delivery-limit": 100, "x-max-length": 1_000_000,
                "x-max-length-bytes": 1_073_741_824, "x-overflow": "drop-head",
                "x-dead-letter-exchange": "wherry.dead", "x-dead-letter-routing-key": "barts",
            ])
        #expect(
            queues["wherry.pulses.barts"]?.arguments == [
                "x-queue-type": "quorum", "x-message-ttl": 10_000, "x-max-length": 1_000, "x-overflow": "drop-head",
            ])
        #expect(
            queues["wherry.requests.barts"]?.arguments == [
                "x-queue-type": "quorum", "x-delivery-limit": 3, "x-message-ttl": 60_000, "x-max-length": 10_000,
                "x-overflow": "reject-publish",
            ])
        #expect(
            queues["wherry.dead.barts"]?.arguments == [
                "x-queue-type": "quorum", "x-max-length": 100_000, "x-max-length-bytes": 268_435_456,
                "x-overflow": "drop-head",
            ])
        #expect(
            queues["wherry.unrouted"]?.arguments == [
                "x-queue-type": "quorum", "x-max-length": 100_000, "x-max-length-bytes": 67_108_864,
                "x-overflow": "drop-head",
            ])
    }

    @Test("regions on the same broker share one link")
    func sharedBroker() throws {
        let london = try Self.london()
        let shared = london.on(brokerURL: "amqp://localhost")
        let links = shared.links()
        #expect(links.map(\.name) == ["nel+sel+swl+ncl+nwl"])
        #expect(links.map(\.sources.count) == [8])
    }
}
