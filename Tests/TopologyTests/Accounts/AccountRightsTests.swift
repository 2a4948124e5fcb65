import CareRecord
import Replication
import TestSupport
import Testing
import Topology

@Suite("The rights of an HIE's account")
struct AccountRightsTests {
    private static let london = Result { try Topology.load(path: "\(packageDirectory)/Topology/onelondon.yaml") }

    private static func link(_ region: String) throws -> (Topology, BrokerLink) {
        let london = try london.get()
        return (london, try #require(london.links().first { $0.regions.contains(region) }))
    }

    private static func account(_ name: String, in region: String) throws -> BrokerAccount {
        let (london, link) = try link(region)
        return try #require(link.accounts(of: london).first { $0.name == name })
    }

    private static func allows(_ pattern: String?, _ name: String) throws -> Bool {
        try name.firstMatch(of: Regex(try #require(pattern))) != nil
    }

    @Test("every connected HIE has one at every broker that certificates log in to, without a password, marked as ours")
    func who() throws {
        let (london, link) = try Self.link("sel")
        #expect(link.hasAccounts)
        #expect(link.accounts(of: london).map(\.name) == london.connected.map(\.id.text))
        #expect(link.accounts(of: london).allSatisfy { $0.tags == ["wherry"] && !$0.hasPassword })
        #expect(try #require(london.links(brokerURL: "amqp://localhost").first).hasAccounts == false)
        let mixed = BrokerLink(
            name: "nel", regions: ["nel"], sources: [], addresses: ["amqps://a", "amqp://b"], managementURL: nil)
        #expect(!mixed.hasAccounts)
    }

    @Test("of all queues of its broker a worker reads its own, and the first HIE what reached nobody")
    func reads() throws {
        for region in ["nel", "sel", "swl", "ncl"] {
            let (london, link) = try Self.link(region)
            let queues = BrokerObjects(topology: london, link: link).queues.map(\.name)
            for account in link.accounts(of: london) {
                let own = queues.filter { $0.hasSuffix(".\(account.name)") }
                let unrouted = account.name == link.sources.first?.text ? ["wherry.unrouted"] : []
                let readable = try queues.filter { try Self.allows(account.permissions?.read, $0) }
                #expect(Set(readable) == Set(own + unrouted))
                #expect(try queues.allSatisfy { try !Self.allows(account.permissions?.configure, $0) })
                #expect(try queues.allSatisfy { try !Self.allows(account.permissions?.write, $0) })
            }
        }
    }

    @Test("it writes to the exchanges that it must, and answers and publishes at home only")
    func writes() throws {
        let all = [
            "wherry.changes", "wherry.replies", "wherry.requests", "wherry.replays", "wherry.dead", "wherry.unrouted",
            "amq.default", "amq.topic", "",
        ]
        let home = try Self.account("barts", in: "nel")
        #expect(try all.filter { try Self.allows(home.permissions?.write, $0) } == Array(all.prefix(4)))
        #expect(
            try all.filter { try Self.allows(home.permissions?.read, $0) } == ["wherry.replies", "wherry.unrouted"])
        #expect(try all.allSatisfy { try !Self.allows(home.permissions?.configure, $0) })
        let away = try Self.account("barts", in: "sel")
        #expect(
            try all.filter { try Self.allows(away.permissions?.write, $0) } == ["wherry.requests", "wherry.replays"])
        #expect(try all.filter { try Self.allows(away.permissions?.read, $0) } == ["wherry.replies"])
        #expect(try Self.allows(home.permissions?.read, "wherry.requests.barts"))
        #expect(try !Self.allows(away.permissions?.read, "wherry.requests.barts"))
    }

    @Test("names that only look like its own are another's", arguments: ["configure", "write", "read"])
    func lookalikes(right: String) throws {
        let permissions = try #require(try Self.account("barts", in: "nel").permissions)
        let pattern = ["configure": permissions.configure, "write": permissions.write, "read": permissions.read][right]
        #expect(try Self.allows(pattern, "wherry.replies.barts.1a2b"))
        for name in [
            "wherry.replies.barts", "wherry.replies.barts.", "wherry.replies.barts.1.2", "xwherry.replies.barts.1",
            "wherry.replies.barts2.1", "wherry.replies.homerton.1", "wherryXreplies.barts.1", "wherry.replies.barts.A",
            "wherry.changes.barts-2", "wherry.changes.barts.one.two", "wherry.changes.", "wherry.dead.homerton.barts",
        ] {
            #expect(try !Self.allows(pattern, name), "\(name)")
        }
        for kind in ["changes", "pulses", "dead"] {
            let isRead = right == "read"
            #expect(try Self.allows(pattern, "wherry.\(kind).barts") == isRead)
            #expect(try Self.allows(pattern, "wherry.\(kind).barts.replica-2") == isRead)
        }
    }

    @Test("on topic exchanges it publishes its own changes, any answer and its own replays, and binds its own answers")
    func topics() throws {
        let cases: [(exchange: String, key: String, home: String, away: String)] = [
            ("wherry.changes", "change.barts", "w", ""), ("wherry.changes", "pulse.barts", "w", ""),
            ("wherry.changes", "change.homerton", "", ""), ("wherry.changes", "change.barts.x", "", ""),
            ("wherry.changes", "change.bartsx", "", ""), ("wherry.changes", "#", "", ""),
            ("wherry.replies", "homerton.1a", "w", ""), ("wherry.replies", "barts.1a", "wr", "r"),
            ("wherry.replies", "homerton", "", ""), ("wherry.replies", "#", "", ""), ("wherry.replies", "*.1a", "", ""),
            ("wherry.replies", "barts.#", "", ""), ("wherry.replies", "barts.*", "", ""),
            ("wherry.replays", "barts", "w", "w"), ("wherry.replays", "barts.replica-2", "w", "w"),
            ("wherry.replays", "homerton", "", ""), ("wherry.replays", "barts.a.b", "", ""),
        ]
        for (region, isHome) in [("nel", true), ("sel", false)] {
            let account = try Self.account("barts", in: region)
            #expect(Set(account.topics.keys) == ["wherry.changes", "wherry.replies", "wherry.replays"])
            for (exchange, key, home, away) in cases {
                let topic = try #require(account.topics[exchange])
                let found = [("w", topic.write), ("r", topic.read)].filter { (try? Self.allows($0.1, key)) ?? true }
                #expect(found.map(\.0).joined() == (isHome ? home : away), "\(exchange) \(key) in \(region)")
            }
        }
    }

    @Test("every topic exchange of a broker has topic permissions: without them each key is everybody's") func closed()
        throws
    {
        let (london, link) = try Self.link("nel")
        let topics = BrokerObjects(topology: london, link: link).exchanges.filter { $0.kind == "topic" }.map(\.name)
        for account in link.accounts(of: london) { #expect(Set(account.topics.keys) == Set(topics)) }
    }
}
