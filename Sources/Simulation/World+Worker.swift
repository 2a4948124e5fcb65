import AMQP
import CareRecord
import Replication

/// Workers come and go, and so do their connections.
extension World {
    /// A worker starts on what its disk holds.
    func start(_ node: Int) throws {
        guard nodes[node].process == nil, nodes[node].isConnected else { return }
        nodes[node].lives += 1
        let life = nodes[node].lives
        var process = Process(
            life: life, run: WorkerRun(using: &generator), known: nodes.map { $0.isConnected ? now : nil },
            links: Array(repeating: nil, count: brokers.count))
        for source in nodes.indices {
            if nodes[node].index.held(source)?.state.tombstoneFloor != nil {
                try writeIndex(node) { _ = try $0.forgetTombstones(of: self.names[source]) }
            }
            guard let held = nodes[node].index.held(source) else { continue }
            var subscription = Subscription(names[source])
            let state = held.state
            subscription.restore(
                state.progress, digest: state.digest.total, nodes[node].keptFreshness[source] ?? Freshness())
            process.subscriptions[source] = subscription
        }
        nodes[node].process = process
        trace.note(now, node, nil, "worker \(life) of \(names[node]) starts")
        try takeUpLetters(node)
        try beginEpoch(node, after: ownWitness(node))
        for broker in brokers.indices { add(.connect(node: node, life: life, broker: broker), after: soon(0...50)) }
        add(.pulse(node: node, life: life), after: soon(0...100))
        add(.own(node: node, life: life), after: soon())
        add(.audit(node: node, life: life), after: soon(0...500))
    }

    /// The worker is gone, with everything that it had in mind; with `isPowerCut` also what was not synced.
    func crash(_ node: Int, isPowerCut: Bool = false) {
        trace.note(now, node, nil, "\(names[node]) \(isPowerCut ? "loses power" : "crashes")")
        for broker in brokers.indices { cut(node, from: broker) }
        nodes[node].process = nil
        if isPowerCut {
            nodes[node].index = nodes[node].syncedIndex
            nodes[node].keptFreshness = nodes[node].syncedFreshness
            ledger.rolledBack(node)
            nodes[node].records.state.publishedThrough = min(
                nodes[node].syncedPublishedThrough, nodes[node].records.state.publishedThrough)
        }
    }

    /// The connection ends on both sides; what was on its way may or may not have got through.
    func cut(_ node: Int, from broker: Int) {
        guard nodes[node].process?.links[broker] != nil else { return }
        nodes[node].process?.links[broker] = nil
        for kind in [SimulatedBroker.Kind.changes, .pulses, .requests, .replies] {
            if kind == .requests, nodes[node].home != broker { continue }
            brokers[broker][kind, node].release()
            if kind == .replies { brokers[broker][kind, node].ready = [] }
        }
        if nodes[node].home == broker { nodes[node].process?.outbox = nil }
    }

    /// Tries to connect until it works.
    func connect(_ node: Int, to broker: Int) {
        guard let process = nodes[node].process, process.links[broker] == nil else { return }
        guard brokers[broker].isUp, !nodes[node].cutOff.contains(broker) else {
            return add(.connect(node: node, life: process.life, broker: broker), after: soon(100...1000))
        }
        lastLink += 1
        nodes[node].process?.links[broker] = Link(number: lastLink)
        trace.note(now, node, nil, "\(names[node]) connects to broker \(broker)")
        for kind in [SimulatedBroker.Kind.changes, .pulses, .replies] {
            brokers[broker][kind, node].consumer = lastLink
            add(.deliver(broker: broker, kind, node: node), after: soon())
        }
        guard nodes[node].home == broker else { return }
        brokers[broker][.requests, node].consumer = lastLink
        add(.deliver(broker: broker, .requests, node: node), after: soon())
        let published = nodes[node].records.state.publishedThrough
        nodes[node].process?.outbox = OutboxMachine(publishedThrough: published, limits: Self.outboxLimits)
        wakeFeed(node)
    }

    /// The worker reads of an HIE that has joined.
    func learn(_ node: Int, of hie: Int) {
        nodes[node].process?.known[hie] = now
    }

    /// The HIEs that may speak at a broker, as the worker knows them.
    func sources(of node: Int, at broker: Int) -> Set<HIEIdentifier> {
        guard let known = nodes[node].process?.known else { return [] }
        var sources: Set<HIEIdentifier> = []
        for source in stride(from: broker, to: nodes.count, by: brokers.count)
        where known[source] != nil && source != node {
            sources.insert(names[source])
        }
        return sources
    }

    func planned(by node: Int) -> Set<HIEIdentifier> {
        guard let known = nodes[node].process?.known else { return [] }
        return Set(names.indices.filter { known[$0] == nil }.map { names[$0] })
    }

    private static var outboxLimits: OutboxMachine.Limits {
        var limits = OutboxMachine.Limits()
        limits.batchChangesMax = 4
        limits.inFlightMax = 6
        return limits
    }

    private func ownWitness(_ node: Int) -> JournalWitness {
        let own = nodes[node].index.held(node)?.state.progress
        return JournalWitness(epoch: own?.epoch, through: own?.applied.highest ?? 0)
    }

    func beginEpoch(_ node: Int, after witness: JournalWitness) throws {
        let state = nodes[node].records.state
        guard state.isBehind(witness) else { return }
        guard let next = state.beginning(after: witness, at: clock(node), using: &generator) else {
            return fail(Broken(.p1, "no epoch can follow", source: node))
        }
        trace.note(now, nil, node, "\(names[node]) begins epoch \(next.epoch)")
        nodes[node].records.state = next
        try ledger.begin(next.epoch, of: node, nodes[node].records.journal)
        wakeOwn(node)
    }
}
