package import CareRecord
import Synchronization

/// How this worker's connection to one broker is.
package struct BrokerCondition: Sendable, Hashable {
    package enum State: String, Sendable, CaseIterable {
        case connected
        /// Not connected yet since the start.
        case connecting
        /// Connected, but the broker takes no messages (memory or disk alarm).
        case blocked
        case down
    }

    /// The link's name: a region, or `all`.
    package let broker: String
    package let state: State
    package let since: Timestamp
    /// In words, for an operator; `nil` when connected.
    package let reason: String?
}

/// The conditions of all brokers. A broker may be reached by several connections, one for each of its roles: it is as
/// well as the worst of them.
package final class BrokerBoard: Sendable {
    /// What a connection is for.
    package enum Role: String, Sendable {
        case publish
        case consume
        case ask
        case answer
    }

    private struct Connection: Hashable {
        let broker: String
        let role: Role
    }

    private let order: [String]
    private let conditions: Mutex<[Connection: BrokerCondition]>

    package init(_ connections: [(broker: String, role: Role)], now: Timestamp) {
        var order: [String] = []
        var conditions: [Connection: BrokerCondition] = [:]
        for (broker, role) in connections {
            if !order.contains(broker) { order.append(broker) }
            conditions[Connection(broker: broker, role: role)] = BrokerCondition(
                broker: broker, state: .connecting, since: now, reason: "not connected yet")
        }
        self.order = order
        self.conditions = Mutex(conditions)
    }

    /// One condition a broker, in the order of the topology.
    package var all: [BrokerCondition] {
        let conditions = conditions.withLock { $0 }
        return order.compactMap { broker in
            conditions.filter { $0.key.broker == broker }.values.max {
                ($0.state.weight, $1.since) < ($1.state.weight, $0.since)
            }
        }
    }

    /// Returns whether that is news.
    @discardableResult
    package func set(
        _ state: BrokerCondition.State, broker: String, role: Role, reason: String? = nil, now: Timestamp
    ) -> Bool {
        conditions.withLock { conditions in
            let connection = Connection(broker: broker, role: role)
            let before = conditions[connection]
            let isNews = before?.state != state
            conditions[connection] = BrokerCondition(
                broker: broker, state: state, since: isNews ? now : before?.since ?? now, reason: reason)
            return isNews
        }
    }
}

extension BrokerCondition.State {
    fileprivate var weight: Int {
        switch self {
        case .connected: 0
        case .blocked: 1
        case .connecting: 2
        case .down: 3
        }
    }
}
