import AMQP

/// Users without a password, and their rights in one virtual host.
extension ManagementAPI {
    /// What to do with accounts that nobody wants any more.
    package enum Leftovers: Sendable {
        case stay
        case go
    }

    /// The users that are ours or have one of these names, with their rights here. Ours that have rights in other virtual
    /// hosts alone are another mesh's.
    package func accounts(named names: Set<String>) async throws(TopologyError) -> [BrokerAccount] {
        try await calling { call in
            let users: [UserAnswer] = try await call.getAccounts("users")
            let permissions: [PermissionsAnswer] = try await call.getAccounts("permissions")
            let topics: [TopicPermissionsAnswer] = try await call.getAccounts("topic-permissions")
            let elsewhere = Set(permissions.filter { $0.vhost != virtualHostName }.map(\.user))
            return users.compactMap { user in
                let account = user.account(
                    permissions.first { $0.user == user.name && $0.vhost == virtualHostName },
                    topics.filter { $0.user == user.name && $0.vhost == virtualHostName })
                if names.contains(user.name) { return account }
                let isHere = account.permissions != nil || !account.topics.isEmpty
                return account.isOurs && (isHere || !elsewhere.contains(user.name)) ? account : nil
            }
        }
    }

    /// Makes what is missing, sets right what differs and, where `leftovers` go, removes what nobody wants.
    ///
    /// Nothing in between is wider than the end: an account has no rights until every exchange has its topic permissions,
    /// without which each routing key is everybody's.
    package func settle(_ difference: AccountDifference, _ leftovers: Leftovers) async throws(TopologyError) {
        try await calling { call in
            for account in difference.missing { try await put(account, call) }
            for change in difference.changed {
                if change.hasMoreTopics, leftovers == .go { try await withdraw(change.account, call) }
                try await put(change.account, call)
            }
            guard leftovers == .go, !difference.stale.isEmpty else { return }
            for account in difference.stale { try await withdraw(account, call) }
            let permissions: [PermissionsAnswer] = try await call.getAccounts("permissions")
            let elsewhere = Set(permissions.map(\.user))
            for account in difference.stale where !elsewhere.contains(account.name) {
                try await call.delete("users/\(account.name.percentEncoded)")
            }
        }
    }

    private func put(_ account: BrokerAccount, _ call: ManagementCall) async throws {
        let name = account.name.percentEncoded
        // An empty hash is no password: nobody logs in with one.
        try await call.put(
            "users/\(name)", ["password_hash": "", "tags": account.tags.joined(separator: ",")])
        for (exchange, topic) in account.topics.sorted(by: { $0.key < $1.key }) {
            try await call.put(
                "topic-permissions/\(virtualHost)/\(name)",
                ["exchange": exchange, "write": topic.write, "read": topic.read])
        }
        guard let permissions = account.permissions else { return }
        try await call.put(
            "permissions/\(virtualHost)/\(name)",
            ["configure": permissions.configure, "write": permissions.write, "read": permissions.read])
    }

    /// Takes all rights in this virtual host away. The topic permissions go last, since they only narrow.
    private func withdraw(_ account: BrokerAccount, _ call: ManagementCall) async throws {
        let name = account.name.percentEncoded
        try await call.delete("permissions/\(virtualHost)/\(name)")
        try await call.delete("topic-permissions/\(virtualHost)/\(name)")
    }
}
