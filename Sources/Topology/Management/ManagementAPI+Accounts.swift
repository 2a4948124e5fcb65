/// Users without a password, and their rights in one virtual host.
extension ManagementAPI {
    /// The users that are ours or have one of these names, with their rights here. Ours that have rights in other
    /// virtual hosts alone are another mesh's.
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

    /// Takes the steps in their order.
    func take(_ steps: [AccountDifference.Step]) async throws(TopologyError) {
        try await calling { call in
            for step in steps { try await take(step, call) }
        }
    }

    private func take(_ step: AccountDifference.Step, _ call: ManagementCall) async throws {
        switch step {
        case .user(let account):
            // An empty hash is no password: nobody logs in with one.
            try await call.put(
                "users/\(account.name.percentEncoded)",
                ["password_hash": "", "tags": account.tags.joined(separator: ",")])
        case .topic(let name, let exchange, let topic):
            try await call.put(
                "topic-permissions/\(virtualHost)/\(name.percentEncoded)",
                ["exchange": exchange, "write": topic.write, "read": topic.read])
        case .permissions(let name, let permissions):
            try await call.put(
                "permissions/\(virtualHost)/\(name.percentEncoded)",
                ["configure": permissions.configure, "write": permissions.write, "read": permissions.read])
        case .withdraw(let name):
            // The topic permissions go last, since they only narrow.
            try await call.delete("permissions/\(virtualHost)/\(name.percentEncoded)")
            try await call.delete("topic-permissions/\(virtualHost)/\(name.percentEncoded)")
        case .removeIfUnused(let name):
            let permissions: [PermissionsAnswer] = try await call.getAccounts("permissions")
            guard !permissions.contains(where: { $0.user == name }) else { return }
            try await call.delete("users/\(name.percentEncoded)")
        }
    }
}
