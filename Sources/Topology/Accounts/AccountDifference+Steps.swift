extension AccountDifference {
    /// What to do with what nobody wants any more.
    package enum Leftovers: Sendable {
        case stay
        case go
    }

    /// One change of a broker's accounts.
    enum Step: Sendable, Hashable {
        /// Its tags, and no password.
        case user(BrokerAccount)
        case topic(String, exchange: String, BrokerAccount.TopicPermissions)
        case permissions(String, BrokerAccount.Permissions)
        /// All its rights in this virtual host.
        case withdraw(String)
        /// A user with rights in another virtual host is in use.
        case removeIfUnused(String)
    }

    /// What makes accounts what they should be.
    ///
    /// Nothing in between is wider than before or after: an account has no rights until every exchange has its topic
    /// permissions, without which each routing key is everybody's.
    func steps(_ leftovers: Leftovers) -> [Step] {
        var steps = missing.flatMap(Self.steps(for:))
        for change in changed {
            // There is no way to take off one exchange's topic permissions, only all of them.
            if change.hasMoreTopics, leftovers == .go { steps.append(.withdraw(change.account.name)) }
            steps += Self.steps(for: change.account)
        }
        if leftovers == .go {
            for account in stale { steps += [.withdraw(account.name), .removeIfUnused(account.name)] }
        }
        return steps
    }

    private static func steps(for account: BrokerAccount) -> [Step] {
        [.user(account)]
            + account.topics.sorted { $0.key < $1.key }.map { .topic(account.name, exchange: $0.key, $0.value) }
            + (account.permissions.map { [.permissions(account.name, $0)] } ?? [])
    }
}
