import AMQP
import CareRecord
import Foundation
import LoadTest
import Logging
import TestSupport
import Testing
import Topology

@Suite("Declaring a topology on a real broker")
struct ApplyTests {
    private let london: Topology
    private let logger = Logger(label: "wherry.tests")

    init() throws {
        london = try Topology.load(path: "\(packageDirectory)/Topology/onelondon.yaml")
    }

    private func declare(_ topology: Topology, at link: BrokerLink) async throws -> [TopologyError] {
        let objects = BrokerObjects(topology: topology, link: link)
        return try await BrokerDeclarations.with(link, access: BrokerAccess(), logger: logger) {
            declarations throws(TopologyError) in try await declarations.declare(objects)
        }
    }

    private func difference(_ topology: Topology, at link: BrokerLink) async throws -> BrokerDifference {
        try await topology.difference(at: link, access: BrokerAccess(), managementURL: nil)
    }

    private func makeLink(_ topology: Topology) async throws -> BrokerLink {
        let broker = try await PrivateBroker.shared(hasManagement: true)
        let host = try await broker.makeVirtualHost()
        return try #require(topology.links(brokerURL: host.url).first)
    }

    private func withSession<Result: Sendable>(
        _ link: BrokerLink, _ body: (Session) async throws -> Result
    ) async throws -> Result {
        let session = try await Session.open(
            try Endpoint(url: link.addresses[0]), settings: SessionSettings(name: "test"), logger: logger)
        return try await session.closing(body)
    }

    @Test("applying leaves no difference, and applying again changes nothing")
    func idempotent() async throws {
        let link = try await makeLink(london)
        #expect(try await declare(london, at: link).isEmpty)
        #expect(try await difference(london, at: link).isEmpty)
        #expect(try await declare(london, at: link).isEmpty)
        #expect(try await difference(london, at: link).isEmpty)
    }

    @Test("the queues of a replica that is new are missing until they are applied, and stale once it is gone")
    func replica() async throws {
        let yaml = try String(contentsOfFile: "\(packageDirectory)/Topology/onelondon.yaml", encoding: .utf8)
        let grown = try Topology.parse(
            yaml: yaml.replacing("      - id: barts\n", with: "      - id: barts\n        replicas: [a]\n"),
            file: "t.yaml")
        let link = try await makeLink(london)
        let queues = ["wherry.changes.barts.a", "wherry.pulses.barts.a", "wherry.dead.barts.a"]
        #expect(try await declare(london, at: link).isEmpty)
        #expect(try await difference(grown, at: link).missing.queues.map(\.name) == queues)
        #expect(try await declare(grown, at: link).isEmpty)
        #expect(try await difference(grown, at: link).isEmpty)
        #expect(try await difference(london, at: link).stale.queues.map(\.name) == queues.sorted())
    }

    @Test("an object with other properties is named and left alone, and everything else is declared")
    func conflict() async throws {
        let link = try await makeLink(london)
        try await withSession(link) { session in
            try await session.declareQueue("wherry.pulses.barts", arguments: ["x-max-length": 5])
            try await session.declareExchange("wherry.replies", kind: .fanout)
        }
        let refusals = try await declare(london, at: link)
        #expect(refusals.count == 2)
        #expect(refusals.allSatisfy { $0.code == .declarationRefused })
        #expect(refusals.last?.description.contains("exchange wherry.replies on broker all: it exists with") == true)
        #expect(refusals.first?.description.contains("queue wherry.pulses.barts on broker all: it exists with") == true)
        let difference = try await difference(london, at: link)
        #expect(difference.missing.isEmpty && difference.stale.isEmpty)
        #expect(difference.conflicts.map(\.name) == ["wherry.replies", "wherry.pulses.barts"])
    }

    @Test("pruning removes what is no longer wanted, but queues with messages only when told so")
    func prune() async throws {
        let imperial = try #require(london.hies.first { $0.status == .planned }).id
        let before = london.connecting([imperial])
        let link = try await makeLink(before)
        #expect(try await declare(before, at: link).isEmpty)
        try await withSession(link) { session in
            let outcome = try await session.publishConfirmed(
                Message(body: [1]), exchange: "wherry.dead", routingKey: imperial.text)
            #expect(outcome == .confirmed)
        }
        let stale = try await difference(london, at: link).stale
        let kept = try await BrokerDeclarations.with(link, access: BrokerAccess(), logger: logger) {
            declarations throws(TopologyError) in try await declarations.remove(stale, .emptyQueuesOnly)
        }
        #expect(kept.map(\.name) == ["wherry.dead.\(imperial)"])
        #expect(kept.map(\.messages) == [1])
        let rest = try await difference(london, at: link).stale
        #expect(rest.queues.map(\.name) == ["wherry.dead.\(imperial)"])
        #expect(rest.bindings.isEmpty)
        let none = try await BrokerDeclarations.with(link, access: BrokerAccess(), logger: logger) {
            declarations throws(TopologyError) in try await declarations.remove(rest, .queuesWithMessages)
        }
        #expect(none.isEmpty)
        #expect(try await difference(london, at: link).isEmpty)
    }

    @Test("a running worker's queue of replies is neither missing nor stale")
    func replies() async throws {
        let link = try await makeLink(london)
        #expect(try await declare(london, at: link).isEmpty)
        try await withSession(link) { session in
            let queue = "wherry.replies.barts.1"
            try await session.declareQueue(queue, isDurable: false, isExclusive: true, isAutoDelete: true)
            try await session.bindQueue(queue, exchange: "wherry.replies", routingKey: "barts.1")
            #expect(try await difference(london, at: link).isEmpty)
        }
    }

    @Test("a change published by a source reaches every subscriber's queue but its own; what nobody takes is kept")
    func routing() async throws {
        let link = try await makeLink(london)
        #expect(try await declare(london, at: link).isEmpty)
        try await withSession(link) { session in
            for key in ["change.barts", "change.nobody"] {
                let outcome = try await session.publishConfirmed(
                    Message(body: [1]), exchange: "wherry.changes", routingKey: key, isMandatory: true)
                #expect(outcome == .confirmed)
            }
            for hie in london.connected.map(\.id) {
                let counts = try await session.inspectQueue("wherry.changes.\(hie)")
                #expect(counts.messages == (hie.text == "barts" ? 0 : 1))
            }
            #expect(try await session.inspectQueue("wherry.unrouted").messages == 1)
        }
    }

    @Test("a replayed dead letter reaches its one subscriber's changes; one for nobody is kept")
    func replays() async throws {
        let link = try await makeLink(london)
        #expect(try await declare(london, at: link).isEmpty)
        try await withSession(link) { session in
            for key in ["kingston", "nobody"] {
                let outcome = try await session.publishConfirmed(
                    Message(body: [1]), exchange: "wherry.replays", routingKey: key)
                #expect(outcome == .confirmed)
            }
            for hie in london.connected.map(\.id) {
                let counts = try await session.inspectQueue("wherry.changes.\(hie)")
                #expect(counts.messages == (hie.text == "kingston" ? 1 : 0))
            }
            #expect(try await session.inspectQueue("wherry.unrouted").messages == 1)
        }
    }

    @Test("a broker that is not there is named, with what to check and without its password")
    func absent() async throws {
        let link = try #require(london.links(brokerURL: "amqp://me:hush@127.0.0.1:1").first)
        let error = await #expect(throws: TopologyError.self) { try await declare(london, at: link) }
        #expect(error?.code == .brokerUnreachable)
        #expect(error?.description.hasPrefix("broker all at amqp://127.0.0.1:1 cannot be used: check its") == true)
        #expect(error?.description.contains("hush") == false)
    }
}
