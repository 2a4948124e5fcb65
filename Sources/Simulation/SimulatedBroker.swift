import AMQP
import CareRecord
import Replication

/// A message in a simulated broker. What is the same for every subscriber is read once.
final class SimulatedMessage {
    let outgoing: Outgoing
    /// Forgotten by the broker after this moment.
    let expiresAt: Int64
    private var pulse: Pulse??

    init(_ outgoing: Outgoing, sentAt: Int64) {
        self.outgoing = outgoing
        expiresAt = outgoing.message.expiration.flatMap { Int64($0) }.map { sentAt + $0 } ?? .max
    }

    func delivery(number: UInt64, isRedelivered: Bool) -> Delivery {
        Delivery(
            message: outgoing.message, tag: DeliveryTag(number: number), isRedelivered: isRedelivered,
            exchange: outgoing.exchange, routingKey: outgoing.routingKey)
    }

    func pulse(from sources: Set<HIEIdentifier>) -> Pulse? {
        if let pulse { return pulse }
        let read = PulseReader(queue: "pulses", sources: sources).read(delivery(number: 1, isRedelivered: false)).pulse
        pulse = .some(read)
        return read
    }
}

/// A queue with at most one consumer.
struct SimulatedQueue {
    struct Ready {
        let message: SimulatedMessage
        var isRedelivered = false
    }

    /// More are dropped from the head.
    static let lengthMax = 40

    var ready: [Ready] = []
    /// The link that consumes; its number, as every connection has another.
    var consumer: Int?
    private var unacknowledged: [(number: UInt64, message: SimulatedMessage)] = []
    private var lastNumber: UInt64 = 0

    var unacknowledgedCount: Int { unacknowledged.count }

    /// Returns how many the limit dropped.
    mutating func add(_ message: SimulatedMessage, isLimited: Bool) -> Int {
        ready.append(Ready(message: message))
        guard isLimited, ready.count > Self.lengthMax else { return 0 }
        ready.removeFirst()
        return 1
    }

    /// Hands the message at this place to the consumer.
    mutating func deliver(at place: Int, now: Int64) -> (message: SimulatedMessage, delivery: Delivery)? {
        let next = ready.remove(at: place)
        guard next.message.expiresAt >= now else { return nil }
        lastNumber += 1
        unacknowledged.append((lastNumber, next.message))
        return (next.message, next.message.delivery(number: lastNumber, isRedelivered: next.isRedelivered))
    }

    mutating func acknowledge(through number: UInt64) -> [SimulatedMessage] {
        let gone = unacknowledged.filter { $0.number <= number }.map(\.message)
        unacknowledged.removeAll { $0.number <= number }
        return gone
    }

    /// The consumer is gone: what it did not acknowledge is to be delivered again, first.
    mutating func release() {
        consumer = nil
        ready.insert(contentsOf: unacknowledged.map { Ready(message: $0.message, isRedelivered: true) }, at: 0)
        unacknowledged = []
    }

    /// A restart of the broker keeps what is persistent.
    mutating func restart() {
        release()
        ready.removeAll { !$0.message.outgoing.message.isPersistent }
    }
}

/// One region's broker: the queues of every subscriber, and those of the region's HIEs for questions.
struct SimulatedBroker {
    enum Kind: Hashable {
        case changes, pulses, requests, replies
    }

    var isUp = true
    /// It takes no messages (memory or disk alarm).
    var isBlocked = false
    /// Restarts so far.
    var life = 0
    /// By HIE.
    private var queues: [Kind: [SimulatedQueue]]

    init(hies: Int) {
        let empty = Array(repeating: SimulatedQueue(), count: hies)
        queues = [.changes: empty, .pulses: empty, .requests: empty, .replies: empty]
    }

    subscript(kind: Kind, hie: Int) -> SimulatedQueue {
        get { queues[kind]?[hie] ?? SimulatedQueue() }
        _modify { yield &queues[kind, default: []][hie] }
    }

    mutating func restart() {
        life += 1
        for kind in [Kind.changes, .pulses, .requests, .replies] {
            for hie in queues[kind, default: []].indices {
                queues[kind, default: []][hie].restart()
                if kind == .replies { queues[kind, default: []][hie].ready = [] }
            }
        }
    }
}
