/// What lies between the accounts of a broker as they should be and as they are.
package struct AccountDifference: Sendable {
    /// In the order of the topology.
    package let missing: [BrokerAccount]
    /// Ours, and with other rights, in the order of the topology: `apply` sets them right.
    package let changed: [Change]
    /// Users with the name of an HIE that do not carry our tag: somebody else's, and left alone.
    package let strange: [Change]
    /// Ours and no longer wanted, by name.
    package let stale: [BrokerAccount]
    /// The accounts that are right once those that are missing are made and those that differ are changed.
    package let settledCount: Int

    package static let none = AccountDifference(wanted: [], actual: [])

    package struct Change: Sendable, Hashable {
        package let account: BrokerAccount
        /// What differs; at least one.
        package let properties: [BrokerDifference.Property]
        /// In this virtual host it has topic permissions for exchanges that none are wanted for.
        let hasMoreTopics: Bool
    }

    package var isEmpty: Bool { missing.isEmpty && changed.isEmpty && strange.isEmpty && stale.isEmpty }

    /// `actual` are the users that are ours or have the name of one that is wanted.
    package init(wanted: [BrokerAccount], actual: [BrokerAccount]) {
        let byName = Dictionary(actual.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var (missing, changed, strange): ([BrokerAccount], [Change], [Change]) = ([], [], [])
        for account in wanted {
            guard let found = byName[account.name] else {
                missing.append(account)
                continue
            }
            let properties = BrokerDifference.Property.between(expected: account.shown, actual: found.shown)
            guard !properties.isEmpty else { continue }
            let change = Change(
                account: account, properties: properties,
                hasMoreTopics: !Set(found.topics.keys).isSubset(of: account.topics.keys))
            if found.isOurs { changed.append(change) } else { strange.append(change) }
        }
        self.missing = missing
        self.changed = changed
        self.strange = strange
        settledCount = wanted.count - strange.count
        let names = Set(wanted.map(\.name))
        stale = actual.filter { $0.isOurs && !names.contains($0.name) }.sorted { $0.name < $1.name }
    }

    /// What the operator can do about them, as about exchanges and queues.
    package var conflicts: [BrokerDifference.Conflict] {
        changed.map { change in
            BrokerDifference.Conflict(
                kind: .account, name: change.account.name, properties: change.properties,
                advice: change.hasMoreTopics
                    ? "wherry topology apply --prune sets it right" : "wherry topology apply sets it right")
        }
            + strange.map { change in
                BrokerDifference.Conflict(
                    kind: .account, name: change.account.name, properties: change.properties, advice: change.takeOver)
            }
    }
}

extension AccountDifference.Change {
    /// What to do about a user of that name that is not ours.
    package var takeOver: String {
        "it was not made by wherry and is left alone: hand it over (rabbitmqctl set_user_tags \(account.name) "
            + "\(BrokerAccount.tag)) or delete it, and run wherry topology apply"
    }
}
