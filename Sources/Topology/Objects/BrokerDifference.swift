package import AMQP

/// What lies between a broker as it should be and as it is.
package struct BrokerDifference: Sendable {
    package let accounts: AccountDifference
    /// What `apply` creates, in the order it does so.
    package let missing: BrokerObjects
    /// What is there with other properties. AMQP has no way to change it in place.
    package let conflicts: [Conflict]
    /// What is ours and no longer wanted, sorted.
    package let stale: BrokerObjects

    package var isEmpty: Bool { missing.isEmpty && conflicts.isEmpty && stale.isEmpty && accounts.isEmpty }

    /// An object that exists with other properties than it should have.
    package struct Conflict: Sendable, Hashable {
        package enum Kind: String, Sendable {
            case exchange
            case queue
            case account
        }

        package let kind: Kind
        package let name: String
        /// At least one.
        package let properties: [Property]

        /// What the operator can do about it.
        package let advice: String
    }

    /// One property or argument that differs.
    package struct Property: Sendable, Hashable {
        package let name: String
        /// `absent` for an argument that should not be there.
        package let expected: String
        /// `absent` for an argument that is not there.
        package let actual: String

        /// Those that differ, by name.
        static func between(expected: [String: String], actual: [String: String]) -> [Property] {
            Set(expected.keys).union(actual.keys).sorted().compactMap { name in
                guard expected[name] != actual[name] else { return nil }
                return Property(name: name, expected: expected[name] ?? "absent", actual: actual[name] ?? "absent")
            }
        }
    }

    package init(wanted: BrokerObjects, actual: BrokerObjects, accounts: AccountDifference = .none) {
        self.accounts = accounts
        let exchanges = Dictionary(actual.exchanges.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let queues = Dictionary(actual.queues.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let bindings = Set(actual.bindings)
        missing = BrokerObjects(
            exchanges: wanted.exchanges.filter { exchanges[$0.name] == nil },
            queues: wanted.queues.filter { queues[$0.name] == nil },
            bindings: wanted.bindings.filter { !bindings.contains($0) })
        conflicts =
            wanted.exchanges.compactMap { exchange in
                exchanges[exchange.name].flatMap { found in
                    Self.conflict(
                        .exchange, exchange.name, exchange.shown, found.shown,
                        advice: "an exchange cannot be changed in place: stop the workers, delete it and run wherry "
                            + "topology apply")
                }
            }
            + wanted.queues.compactMap { queue in
                queues[queue.name].flatMap { found in
                    Self.conflict(
                        .queue, queue.name, queue.shown, found.shown,
                        advice: "a queue cannot be changed in place: delete it once it is empty (rabbitmqctl "
                            + "delete_queue \(queue.name)) and run wherry topology apply")
                }
            }
        let wantedExchanges = Set(wanted.exchanges.map(\.name))
        let wantedQueues = Set(wanted.queues.map(\.name))
        stale = BrokerObjects(
            exchanges: actual.exchanges.filter { !wantedExchanges.contains($0.name) }.sorted { $0.name < $1.name },
            queues: actual.queues.filter { !wantedQueues.contains($0.name) }.sorted { $0.name < $1.name },
            bindings: bindings.subtracting(wanted.bindings).sorted())
    }

    private static func conflict(
        _ kind: Conflict.Kind, _ name: String, _ expected: [String: String], _ actual: [String: String],
        advice: String
    ) -> Conflict? {
        let properties = Property.between(expected: expected, actual: actual)
        return properties.isEmpty ? nil : Conflict(kind: kind, name: name, properties: properties, advice: advice)
    }
}

extension BrokerObjects {
    package var isEmpty: Bool { exchanges.isEmpty && queues.isEmpty && bindings.isEmpty }
}

extension ExchangeObject {
    /// Every property as text, under the names the broker uses.
    fileprivate var shown: [String: String] {
        arguments.mapValues(\.shown).merging(
            [
                "type": kind, "durable": String(isDurable), "auto_delete": String(isAutoDelete),
                "internal": String(isInternal),
            ], uniquingKeysWith: { argument, _ in argument })
    }
}

extension QueueObject {
    fileprivate var shown: [String: String] {
        arguments.mapValues(\.shown).merging(
            ["durable": String(isDurable), "auto_delete": String(isAutoDelete)],
            uniquingKeysWith: { argument, _ in argument })
    }
}

extension Field {
    /// The value of an argument for people to read.
    package var shown: String {
        switch self {
        case .bool(let value): String(value)
        case .int(let value): String(value)
        case .double(let value): String(value)
        case .string(let value): value
        case .decimal, .bytes, .timestamp, .table, .array, .void: "(a value of another kind)"
        }
    }
}
