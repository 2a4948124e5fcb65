import Testing

@testable import Topology

@Suite("The difference between accounts as they should be and as they are")
struct AccountDifferenceTests {
    private static let rights = BrokerAccount.Permissions(configure: "^c$", write: "^w$", read: "^r$")
    private static let topics = ["e": BrokerAccount.TopicPermissions(write: "^w$", read: "^r$")]

    private static func account(
        _ permissions: BrokerAccount.Permissions? = rights, _ topics: [String: BrokerAccount.TopicPermissions] = topics,
        named name: String = "barts", tags: [String] = ["wherry"], hasPassword: Bool = false
    ) -> BrokerAccount {
        BrokerAccount(name: name, tags: tags, hasPassword: hasPassword, permissions: permissions, topics: topics)
    }

    @Test("there is none when both are the same, and everything is missing where there is nothing")
    func ends() {
        let wanted = [Self.account(), Self.account(named: "homerton")]
        #expect(AccountDifference(wanted: wanted, actual: wanted.reversed()).isEmpty)
        let missing = AccountDifference(wanted: wanted, actual: [])
        #expect(missing.missing == wanted && missing.settledCount == 2 && !missing.isEmpty)
        let guest = Self.account(named: "guest", tags: ["administrator"])
        let stale = AccountDifference(wanted: [], actual: wanted + [guest])
        #expect(stale.stale == wanted && stale.conflicts.isEmpty)
    }

    @Test(
        "whatever of an account is another is named with both values",
        arguments: [
            (account(tags: ["wherry", "administrator"]), "tags: administrator,wherry, not wherry"),
            (account(hasPassword: true), "password: set, not none"),
            (account(.init(configure: ".*", write: "^w$", read: "^r$")), "configure: .*, not ^c$"),
            (account(.init(configure: "^c$", write: ".*", read: "^r$")), "write: .*, not ^w$"),
            (account(.init(configure: "^c$", write: "^w$", read: "")), "read: , not ^r$"),
            (account(rights, [:]), "read from e: absent, not ^r$; write to e: absent, not ^w$"),
            (account(rights, ["e": .init(write: "", read: "^r$")]), "write to e: , not ^w$"),
        ])
    func changed(actual: BrokerAccount, words: String) {
        let difference = AccountDifference(wanted: [Self.account()], actual: [actual])
        #expect(difference.missing.isEmpty && difference.stale.isEmpty && difference.settledCount == 1)
        let conflict = difference.conflicts.first
        #expect(conflict?.kind == .account && conflict?.name == "barts")
        #expect(conflict?.advice == "wherry topology apply sets it right")
        let said = conflict?.properties.map { "\($0.name): \($0.actual), not \($0.expected)" } ?? []
        #expect(said.joined(separator: "; ") == words)
    }

    @Test("a user of an HIE's name that is not ours is left alone, with what to do about it")
    func strange() {
        let difference = AccountDifference(
            wanted: [Self.account()], actual: [Self.account(tags: ["administrator"], hasPassword: true)])
        #expect(difference.changed.isEmpty && difference.settledCount == 0)
        #expect(difference.conflicts.map(\.name) == ["barts"])
        #expect(difference.conflicts[0].advice.contains("rabbitmqctl set_user_tags barts wherry"))
        #expect(difference.steps(.go).isEmpty)
    }

    @Test("an account gets its rights last and loses them first: in between nothing is wider than at the end")
    func steps() {
        let more = ["e": Self.topics["e"]!, "other": .init(write: "", read: "")]  // of a constant
        let difference = AccountDifference(
            wanted: [Self.account(), Self.account(named: "homerton"), Self.account(named: "kingston")],
            actual: [
                Self.account(Self.rights, [:], named: "homerton"), Self.account(Self.rights, more, named: "kingston"),
                Self.account(named: "gone"),
            ])
        func words(_ leftovers: AccountDifference.Leftovers) -> [String] {
            difference.steps(leftovers).map { step in
                switch step {
                case .user(let account): "user \(account.name)"
                case .topic(let account, let exchange, _): "topic \(account) \(exchange)"
                case .permissions(let account, _): "permissions \(account)"
                case .withdraw(let account): "withdraw \(account)"
                case .removeIfUnused(let account): "remove \(account)"
                }
            }
        }
        let made = ["barts", "homerton"].flatMap { ["user \($0)", "topic \($0) e", "permissions \($0)"] }
        let kingston = ["user kingston", "topic kingston e", "permissions kingston"]
        #expect(words(.stay) == made + kingston)
        #expect(words(.go) == made + ["withdraw kingston"] + kingston + ["withdraw gone", "remove gone"])
        #expect(difference.conflicts.last?.advice == "wherry topology apply --prune sets it right")
    }
}
