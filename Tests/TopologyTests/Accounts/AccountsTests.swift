import AMQP
import CareRecord
import Foundation
import LoadTest
import Logging
import TestSupport
import Testing
import Topology

/// Users are a broker's, not a virtual host's: every test has HIEs of its own, and none begins before another has given
/// its users their rights, which tell whose they are.
@Suite("Accounts on a real broker, by its management API over TLS", .serialized, .timeLimit(.minutes(10)))
struct AccountsTests {
    private static let peer = Lazy { try await TLSBroker(clients: [:], hasManagement: true) }
    private static let access = Lazy {
        BrokerAccess(user: "guest", password: "guest", tls: try await peer.value().files())
    }

    private let logger = Logger(label: "wherry.tests")
    private let peer: TLSBroker
    private let access: BrokerAccess
    private let host: String
    /// The second of them is not connected.
    private let names: [String]
    private let topology: Topology
    private let link: BrokerLink

    init() async throws {
        peer = try await Self.peer.value()
        access = try await Self.access.value()
        host = try await peer.broker.makeVirtualHost().name
        let mark = UUID().uuidString.prefix(8).lowercased()
        names = ["one", "two"].map { "\($0)-\(mark)" }
        topology = try Topology.parse(
            yaml: """
                name: Mesh
                regions:
                  - id: nel
                    name: North East London
                    partnership: Record
                    broker: { addresses: ["\(peer.url)"], virtualHost: \(host), management: "\(peer.managementURL)" }
                    hies:
                      - { id: \(names[0]), name: One, status: connected, sites: [{ name: A, service: acute }] }
                      - { id: \(names[1]), name: Two, status: planned, sites: [{ name: A, service: acute }] }
                """, file: "mesh.yaml")
        link = try #require(topology.links().first)
    }

    private var both: Topology { topology.connecting(Set(names.compactMap { HIEIdentifier($0) })) }

    private func accounts(_ topology: Topology? = nil, _ access: BrokerAccess? = nil) async throws -> AccountDifference
    {
        try await (topology ?? self.topology).difference(
            at: link, access: access ?? self.access, managementURL: nil
        ).accounts
    }

    /// Returns what is left to be done by hand.
    private func apply(
        _ topology: Topology? = nil, _ leftovers: AccountDifference.Leftovers = .stay
    ) async throws -> [TopologyError] {
        let topology = topology ?? self.topology
        let objects = BrokerObjects(topology: topology, link: link)
        let refusals = try await BrokerDeclarations.with(link, access: access, logger: logger) {
            declarations throws(TopologyError) in try await declarations.declare(objects)
        }
        let difference = try await topology.difference(at: link, access: access, managementURL: nil)
        return refusals
            + (try await link.settle(difference, leftovers, access: access, managementURL: nil))
    }

    @Test("they are missing, then there is no difference, and doing it again changes nothing") func made() async throws
    {
        #expect(try await accounts().missing.map(\.name) == [names[0]])
        #expect(try await apply().isEmpty)
        #expect(try await accounts().isEmpty)
        #expect(try await apply().isEmpty)
        #expect(try await accounts().isEmpty)
        #expect(try await apply(both).isEmpty)
        #expect(try await accounts(both).isEmpty)
        let leftOut = try await topology.difference(
            at: link, access: access, managementURL: nil, accounts: .leftOut)
        #expect(leftOut.accounts.isEmpty)
    }

    @Test("a right that somebody has widened by hand is a difference, and is set right") func widened() async throws {
        #expect(try await apply().isEmpty)
        let name = names[0]
        try await peer.broker.ctl("set_permissions", "-p", host, name, ".*", "^w$", "^r$")
        try await peer.broker.ctl("set_topic_permissions", "-p", host, name, "wherry.changes", ".*", "^$")
        try await peer.broker.ctl("change_password", name, "secret")
        try await peer.broker.ctl("set_user_tags", name, "wherry", "administrator")
        let conflict = try #require(try await accounts().conflicts.first)
        #expect(conflict.kind == .account && conflict.name == name)
        #expect(
            conflict.properties.map(\.name) == [
                "configure", "password", "read", "tags", "write", "write to wherry.changes",
            ])
        #expect(try await apply().isEmpty)
        #expect(try await accounts().isEmpty)
    }

    @Test("topic permissions for another exchange are a difference, which pruning takes away") func more() async throws
    {
        #expect(try await apply().isEmpty)
        try await peer.broker.ctl("set_topic_permissions", "-p", host, names[0], "amq.topic", ".*", ".*")
        let conflict = try #require(try await accounts().conflicts.first)
        #expect(conflict.properties.map(\.name) == ["read from amq.topic", "write to amq.topic"])
        #expect(conflict.advice.contains("--prune"))
        #expect(try await apply(nil, .go).isEmpty)
        #expect(try await accounts().isEmpty)
    }

    @Test("the account of an HIE that has left is extra, and pruning removes it unless another mesh uses it")
    func left() async throws {
        #expect(try await apply(both).isEmpty)
        #expect(try await accounts().stale.map(\.name) == [names[1]])
        #expect(try await apply().isEmpty)
        #expect(try await accounts().stale.map(\.name) == [names[1]])
        let other = try await peer.broker.makeVirtualHost().name
        try await peer.broker.ctl("set_permissions", "-p", other, names[1], "", "", "")
        #expect(try await apply(nil, .go).isEmpty)
        #expect(try await accounts().isEmpty)
        #expect(try await users().contains(names[1]))
        #expect(try await apply(both).isEmpty)
        try await peer.broker.ctl("clear_permissions", "-p", other, names[1])
        #expect(try await apply(nil, .go).isEmpty)
        #expect(try await !users().contains(names[1]))
    }

    private func users() async throws -> String { try await peer.broker.ctl("list_users", "--silent") }

    @Test("a user of an HIE's name who is not ours is left alone, and the error says what to do") func strange()
        async throws
    {
        try await peer.broker.ctl("add_user", names[0], "secret")
        try await peer.broker.ctl("set_permissions", "-p", host, names[0], ".*", ".*", ".*")
        let errors = try await apply()
        #expect(errors.map(\.code) == [.accountRefused])
        #expect(errors.first?.description.contains("rabbitmqctl set_user_tags \(names[0]) wherry") == true)
        #expect(try await accounts().conflicts.count == 1)
        try await peer.broker.ctl("set_user_tags", names[0], "wherry")
        #expect(try await apply().isEmpty)
        #expect(try await accounts().isEmpty)
    }

    @Test("while an exchange is of another kind, no account gets rights to it") func otherKind() async throws {
        let endpoint = try access.endpoint(link.addresses[0])
        let session = try await Session.open(endpoint, settings: SessionSettings(name: "test"), logger: logger)
        try await session.declareExchange("wherry.replies", kind: .direct)
        await session.close()
        let error = await #expect(throws: TopologyError.self) { try await apply() }
        #expect(error?.code == .accountRefused)
        #expect(error?.description.contains("until exchange wherry.replies is right") == true)
        #expect(try await accounts().missing.count == 1)
    }

    @Test("a user without the tag administrator is told so, and how to go on without accounts") func monitoring()
        async throws
    {
        let name = "watcher-\(names[0])"
        try await peer.broker.ctl("add_user", name, "hush")
        try await peer.broker.ctl("set_user_tags", name, "monitoring")
        try await peer.broker.ctl("set_permissions", "-p", host, name, ".*", ".*", ".*")
        let watcher = BrokerAccess(user: name, password: "hush", tls: access.tls)
        let error = await #expect(throws: TopologyError.self) { try await accounts(nil, watcher) }
        #expect(error?.code == .managementUnavailable)
        #expect(error?.description.contains("administrator, which accounts need") == true)
        #expect(error?.description.contains("--no-accounts") == true)
        #expect(error?.description.contains("hush") == false)
        let without = try await topology.difference(
            at: link, access: watcher, managementURL: nil, accounts: .leftOut)
        #expect(!without.missing.isEmpty)
    }

    @Test("a management API whose authority is not trusted is named, with --tls-ca") func authority() async throws {
        let stranger = BrokerAccess(
            user: "guest", password: "guest", tls: TLSFiles(ca: peer.path("other-ca.pem")))
        let error = await #expect(throws: TopologyError.self) { try await accounts(nil, stranger) }
        #expect(error?.code == .managementUnavailable)
        #expect(error?.description.contains("--tls-ca") == true)
    }
}
