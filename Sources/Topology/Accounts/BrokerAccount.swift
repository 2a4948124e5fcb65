/// A user of a broker and what it may do in one virtual host (RabbitMQ's page on access control).
package struct BrokerAccount: Sendable, Hashable {
    /// Marks the accounts that are ours. It gives no right, least of all to the management API.
    package static let tag = "wherry"

    package let name: String
    /// Sorted.
    package let tags: [String]
    /// An account without one logs in by its certificate alone.
    package let hasPassword: Bool
    /// `nil` for a user who may not enter the virtual host.
    package let permissions: Permissions?
    /// By exchange. A topic exchange without one lets everybody through whom ``permissions`` let through.
    package let topics: [String: TopicPermissions]

    /// Regular expressions over the names of exchanges and queues.
    package struct Permissions: Sendable, Hashable {
        package let configure, write, read: String

        package init(configure: String, write: String, read: String) {
            self.configure = configure
            self.write = write
            self.read = read
        }
    }

    /// Regular expressions over the routing keys of what is published, and over those of bindings.
    package struct TopicPermissions: Sendable, Hashable {
        package let write, read: String

        package init(write: String, read: String) {
            self.write = write
            self.read = read
        }
    }

    package init(
        name: String, tags: [String], hasPassword: Bool = false, permissions: Permissions?,
        topics: [String: TopicPermissions]
    ) {
        self.name = name
        self.tags = tags.sorted()
        self.hasPassword = hasPassword
        self.permissions = permissions
        self.topics = topics
    }

    package var isOurs: Bool { tags.contains(Self.tag) }

    /// Every property as text.
    var shown: [String: String] {
        var shown = ["tags": tags.joined(separator: ","), "password": hasPassword ? "set" : "none"]
        if let permissions {
            shown["configure"] = permissions.configure
            shown["write"] = permissions.write
            shown["read"] = permissions.read
        }
        for (exchange, topic) in topics {
            shown["write to \(exchange)"] = topic.write
            shown["read from \(exchange)"] = topic.read
        }
        return shown
    }
}
