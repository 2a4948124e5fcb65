package import CareRecord
import NIOConcurrencyHelpers

/// How this worker's connection to one broker is.
package struct BrokerCondition: Sendable, Hashable {
    package enum State: String, Sendable, CaseIterable {
        case connected
        /// Connected, but the broker, or the way to it, takes long to answer.
        case slow
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

    private struct State {
        var order: [String] = []
        var conditions: [Connection: BrokerCondition] = [:] {
            didSet { worst = nil }
        }
        /// What ``BrokerBoard/all`` says, as long as nothing changes.
        var worst: [BrokerCondition]?
    }

    private let state = NIOLockedValueBox(State())

    package init(_ connections: [(broker: String, role: Role)], now: Timestamp) { follow(connections, now: now) }

    /// These are the connections from now on: those that stay keep their condition.
    package func follow(_ connections: [(broker: String, role: Role)], now: Timestamp) {
        state.withLockedValue { state in
            let before = state.conditions
            state = State()
            for (broker, role) in connections {
                if !state.order.contains(broker) { state.order.append(broker) }
                let connection = Connection(broker: broker, role: role)
                state.conditions[connection] =
                    before[connection]
                    ?? BrokerCondition(broker: broker, state: .connecting, since: now, reason: "not connected yet")
            }
        }
    }

    /// One condition a broker, in the order of the topology.
    package var all: [BrokerCondition] {
        state.withLockedValue { state in
            if let worst = state.worst { return worst }
            let worst = state.order.compactMap { broker in
                state.conditions.filter { $0.key.broker == broker }.values.max {
                    ($0.state.weight, $1.since) < ($1.state.weight, $0.since)
                }
            }
            state.worst = worst
            return worst
        }
    }

    /// Returns whether that is news. Of a connection that is not wanted any more, nothing is.
    @discardableResult
    package func set(
        _ state: BrokerCondition.State, broker: String, role: Role, reason: String? = nil, now: Timestamp
    ) -> Bool {
        self.state.withLockedValue { board in
            let connection = Connection(broker: broker, role: role)
            guard let before = board.conditions[connection] else { return false }
            let isNews = before.state != state
            board.conditions[connection] = BrokerCondition(
                broker: broker, state: state, since: isNews ? now : before.since, reason: reason)
            return isNews
        }
    }

    /// Whether the broker is slow on a connection that works: `reason` tells that it is, `nil` that it is not.
    /// Of one that is away or blocked it says nothing. Returns whether that is news.
    @discardableResult
    package func setSlow(_ reason: String?, broker: String, role: Role, now: Timestamp) -> Bool {
        let state = state.withLockedValue { $0.conditions[Connection(broker: broker, role: role)]?.state }
        guard state == .slow || state == .connected && reason != nil else { return false }
        return set(reason == nil ? .connected : .slow, broker: broker, role: role, reason: reason, now: now)
    }
}

extension BrokerCondition.State {
    fileprivate var weight: Int {
        switch self {
        case .connected: 0
        case .slow: 1
        case .blocked: 2
        case .connecting: 3
        case .down: 4
        }
    }
}
