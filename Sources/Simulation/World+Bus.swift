import AMQP
import CareRecord
import Replication

/// Messages on their way: published, routed, delivered.
extension World {
    static let prefetchMax = 8

    /// Publishes on the connection with a broker, if there is one. Returns the publish number.
    @discardableResult
    func publish(_ outgoing: Outgoing, from node: Int, to broker: Int) -> UInt64? {
        guard let link = nodes[node].process?.links[broker] else { return nil }
        let number = link.published + 1
        nodes[node].process?.links[broker]?.published = number
        let sender = Sender(node: node, broker: broker, link: link.number, number: number)
        let message = SimulatedMessage(outgoing, sentAt: now)
        // On one connection messages keep their order.
        let key = "\(link.number)"
        let moment = max(now + soon(1...10), lastArrival[key] ?? 0)
        lastArrival[key] = moment
        events.add(.arrive(broker: broker, life: brokers[broker].life, message, from: sender), at: moment)
        return number
    }

    func arrive(_ message: SimulatedMessage, at broker: Int, _ life: Int, from sender: Sender) {
        let isAlive = nodes[sender.node].process?.links[broker]?.number == sender.link
        // A connection that was cut may have got it through.
        guard brokers[broker].isUp, brokers[broker].life == life, isAlive || generator.chance(percent: 50) else {
            return
        }
        if brokers[broker].isBlocked, isAlive {
            return add(.arrive(broker: broker, life: life, message, from: sender), after: 50)
        }
        let isLost = isOn(.loss) && generator.chance(percent: 20)
        if !isLost { route(message, at: broker) }
        if !isLost, isOn(.duplication), generator.chance(percent: 20) { route(message, at: broker) }
        if isLost {
            trace.note(now, nil, sender.node, "broker \(broker) loses \(message.outgoing.message.messageID ?? "")")
        }
        add(.confirm(sender), after: soon(1...10))
    }

    private func route(_ message: SimulatedMessage, at broker: Int) {
        let key = message.outgoing.routingKey
        switch message.outgoing.exchange {
        case BrokerNames.changesExchange:
            let source = message.outgoing.message.appID.flatMap { HIEIdentifier($0) }
            let kind = key.hasPrefix("change.") ? SimulatedBroker.Kind.changes : .pulses
            for node in nodes.indices where nodes[node].isConnected && names[node] != source {
                enqueue(message, at: broker, kind, for: node)
            }
        case BrokerNames.requestsExchange:
            if let node = HIEIdentifier(key).flatMap({ numbers[$0] }) {
                enqueue(message, at: broker, .requests, for: node)
            }
        case BrokerNames.repliesExchange:
            let parts = key.split(separator: ".", maxSplits: 1)
            guard parts.count == 2, let node = HIEIdentifier(parts[0]).flatMap({ numbers[$0] }),
                nodes[node].process?.run.text == String(parts[1]), nodes[node].process?.links[broker] != nil
            else { return }
            enqueue(message, at: broker, .replies, for: node)
        default: break
        }
    }

    private func enqueue(
        _ message: SimulatedMessage, at broker: Int, _ kind: SimulatedBroker.Kind, for node: Int
    ) {
        let dropped = brokers[broker][kind, node].add(message, isLimited: kind == .changes || kind == .pulses)
        if dropped > 0, kind == .changes { trace.note(now, node, nil, "broker \(broker) drops the oldest change") }
        add(.deliver(broker: broker, kind, node: node), after: soon(0...2))
    }

    func deliver(_ broker: Int, _ kind: SimulatedBroker.Kind, to node: Int) {
        guard brokers[broker].isUp, let link = brokers[broker][kind, node].consumer,
            !brokers[broker][kind, node].ready.isEmpty,
            brokers[broker][kind, node].unacknowledgedCount < Self.prefetchMax
        else { return }
        let count = brokers[broker][kind, node].ready.count
        let place = isOn(.reordering) ? generator.below(count) : 0
        if let (message, delivery) = brokers[broker][kind, node].deliver(at: place, now: now) {
            let key = "\(link)/\(kind)"
            let moment = max(now + soon(1...10), lastArrival[key] ?? 0)
            lastArrival[key] = moment
            events.add(
                .receive(node: node, link: link, broker: broker, kind, message, delivery), at: moment)
        }
        if count > 1 { add(.deliver(broker: broker, kind, node: node), after: 0) }
    }

    func receive(
        _ message: SimulatedMessage, _ delivery: Delivery, _ kind: SimulatedBroker.Kind, on broker: Int, at node: Int
    ) throws {
        switch kind {
        case .changes:
            nodes[node].process?.links[broker]?.buffer.append(damaged(delivery, at: node))
            wakeIntake(node, broker)
            return
        case .pulses:
            if let pulse = message.pulse(from: everybody), let source = numbers[pulse.source],
                nodes[node].process?.known[source] != nil
            {
                hear(pulse, from: source, at: node)
            }
        case .requests: receive(question: delivery, at: node)
        case .replies: receive(answer: delivery, on: broker, at: node)
        }
        acknowledge(delivery.tag.number, broker, kind, node)
    }

    func acknowledge(_ number: UInt64, _ broker: Int, _ kind: SimulatedBroker.Kind, _ node: Int) {
        _ = brokers[broker][kind, node].acknowledge(through: number)
        add(.deliver(broker: broker, kind, node: node), after: 0)
    }
}
