import AMQP
import CareRecord
import Replication

/// The limits of the broker's queues.
package enum QueueLimits {
    /// Redeliveries of a change before the broker gives it up; RabbitMQ's quorum queues have no default.
    package static let changeDeliveriesMax: Int64 = 100
    package static let changesMaxMessages: Int64 = 1_000_000
    package static let changesMaxBytes: Int64 = 1 << 30
    /// A pulse older than this says nothing any more.
    package static let pulseLifeMilliseconds: Int64 = 10_000
    package static let pulsesMaxMessages: Int64 = 1_000
    /// No question's deadline is longer.
    package static let requestLifeMilliseconds: Int64 = 60_000
    package static let requestsMaxMessages: Int64 = 10_000
    /// Redeliveries of a question, which a worker that stops half-way leaves behind.
    package static let requestDeliveriesMax: Int64 = 3
    package static let deadMaxMessages: Int64 = 100_000
    package static let deadMaxBytes: Int64 = 256 << 20
    package static let unroutedMaxMessages: Int64 = 100_000
    package static let unroutedMaxBytes: Int64 = 64 << 20
}

extension BrokerObjects {
    /// What `link`'s broker has to hold for `topology` (design §4): a pure function of the two, in a stable order.
    ///
    /// Planned HIEs have nothing there yet.
    package init(topology: Topology, link: BrokerLink) {
        self.init(exchanges: Self.exchanges, queues: [Self.unroutedQueue], bindings: [Self.unroutedBinding])
        let home = Set(link.sources)
        for hie in topology.connected {
            for seat in hie.seats { addStreams(of: seat, from: link.sources.filter { $0 != seat.journal }) }
            if home.contains(hie.id) { addRequests(to: hie.id) }
        }
    }

    /// A subscriber's changes, pulses and dead letters, and the way back for dead letters that are replayed. Each
    /// source is bound on its own, so that one can be held.
    private mutating func addStreams(of subscriber: Seat, from sources: [HIEIdentifier]) {
        let changes = BrokerNames.changesQueue(subscriber)
        let pulses = BrokerNames.pulsesQueue(subscriber)
        let dead = BrokerNames.deadQueue(subscriber)
        queues += [Self.changesQueue(subscriber), Self.pulsesQueue(subscriber), Self.deadQueue(subscriber)]
        for source in sources {
            bind(changes, to: BrokerNames.changesExchange, key: BrokerNames.changeKey(source))
            bind(pulses, to: BrokerNames.changesExchange, key: BrokerNames.pulseKey(source))
        }
        bind(changes, to: BrokerNames.replaysExchange, key: BrokerNames.replayKey(subscriber))
        bind(dead, to: BrokerNames.deadExchange, key: BrokerNames.deadKey(subscriber))
    }

    private mutating func addRequests(to hie: HIEIdentifier) {
        queues.append(Self.requestsQueue(hie))
        bind(
            BrokerNames.requestsQueue(hie), to: BrokerNames.requestsExchange, key: BrokerNames.requestKey(hie))
    }

    private mutating func bind(_ queue: String, to exchange: String, key: String) {
        bindings.append(BindingObject(exchange: exchange, queue: queue, key: key))
    }

    /// Replies have no alternate exchange: an answer that comes after its asker has gone is of no use to anybody.
    private static let exchanges: [ExchangeObject] = {
        let alternate: [String: Field] = ["alternate-exchange": .string(BrokerNames.unroutedExchange)]
        func exchange(
            _ name: String, _ kind: ExchangeKind, _ arguments: [String: Field] = [:]
        ) -> ExchangeObject {
            ExchangeObject(name: name, kind: kind.rawValue, arguments: arguments)
        }
        return [
            exchange(BrokerNames.unroutedExchange, .fanout),
            exchange(BrokerNames.changesExchange, .topic, alternate),
            exchange(BrokerNames.requestsExchange, .direct, alternate),
            // Topic exchanges, so that accounts may be bound to keys of their own (``BrokerAccount``).
            exchange(BrokerNames.repliesExchange, .topic),
            exchange(BrokerNames.replaysExchange, .topic, alternate),
            exchange(BrokerNames.deadExchange, .direct, alternate),
        ]
    }()

    private static let unroutedBinding = BindingObject(
        exchange: BrokerNames.unroutedExchange, queue: BrokerNames.unroutedQueue, key: "")

    private static let unroutedQueue = QueueObject(
        name: BrokerNames.unroutedQueue,
        arguments: [
            "x-queue-type": "quorum",
            "x-max-length": .int(QueueLimits.unroutedMaxMessages),
            "x-max-length-bytes": .int(QueueLimits.unroutedMaxBytes),
            "x-overflow": "drop-head",
        ])

    private static func changesQueue(_ subscriber: Seat) -> QueueObject {
        QueueObject(
            name: BrokerNames.changesQueue(subscriber),
            arguments: [
                "x-queue-type": "quorum",
                "x-delivery-limit": .int(QueueLimits.changeDeliveriesMax),
                "x-max-length": .int(QueueLimits.changesMaxMessages),
                "x-max-length-bytes": .int(QueueLimits.changesMaxBytes),
                "x-overflow": "drop-head",
                "x-dead-letter-exchange": .string(BrokerNames.deadExchange),
                "x-dead-letter-routing-key": .string(BrokerNames.deadKey(subscriber)),
            ])
    }

    /// Quorum, although losing a pulse costs nothing: a classic queue would go with its node, and nobody could consume
    /// from the cluster until that node is back.
    private static func pulsesQueue(_ subscriber: Seat) -> QueueObject {
        QueueObject(
            name: BrokerNames.pulsesQueue(subscriber),
            arguments: [
                "x-queue-type": "quorum",
                "x-message-ttl": .int(QueueLimits.pulseLifeMilliseconds),
                "x-max-length": .int(QueueLimits.pulsesMaxMessages),
                "x-overflow": "drop-head",
            ])
    }

    /// Quorum, so that an HIE still answers when one node of its region's cluster is gone.
    private static func requestsQueue(_ hie: HIEIdentifier) -> QueueObject {
        QueueObject(
            name: BrokerNames.requestsQueue(hie),
            arguments: [
                "x-queue-type": "quorum",
                "x-delivery-limit": .int(QueueLimits.requestDeliveriesMax),
                "x-message-ttl": .int(QueueLimits.requestLifeMilliseconds),
                "x-max-length": .int(QueueLimits.requestsMaxMessages),
                "x-overflow": "reject-publish",
            ])
    }

    private static func deadQueue(_ subscriber: Seat) -> QueueObject {
        QueueObject(
            name: BrokerNames.deadQueue(subscriber),
            arguments: [
                "x-queue-type": "quorum",
                "x-max-length": .int(QueueLimits.deadMaxMessages),
                "x-max-length-bytes": .int(QueueLimits.deadMaxBytes),
                "x-overflow": "drop-head",
            ])
    }
}
