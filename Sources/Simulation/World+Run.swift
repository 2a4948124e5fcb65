import AMQP
import CareRecord
import Replication

extension World {
    /// The longest that a mesh whose faults are over may take to be whole again.
    private static let recoveryMilliseconds: Int64 = 300_000
    private static let eventsMax = 20_000_000

    /// Runs the faulty time, then heals everything and waits until every index equals every source.
    func run() {
        while broken == nil, stepsLeft > 0, let (event, moment) = events.next() {
            step(event, at: moment)
        }
        guard broken == nil else { return }
        heal()
        let deadline = now + Self.recoveryMilliseconds
        var checkAt = now
        while broken == nil, let (event, moment) = events.next() {
            step(event, at: moment)
            if moment >= checkAt {
                guard let missing = unfinished() else { return }
                if moment > deadline { return fail(missing) }
                checkAt = moment + 500
            }
            if stepCount > Self.eventsMax { return fail(Broken(.p1, "the world does not come to rest")) }
        }
    }

    private func step(_ event: Event, at moment: Int64) {
        now = max(now, moment)
        stepCount += 1
        trace.count(now)
        do {
            try handle(event)
        } catch {
            fail(Broken(.p6, "an unexpected error: \(error)"))
        }
    }

    private func handle(_ event: Event) throws {
        switch event {
        case .next: try goOn()
        case .start(let node): try start(node)
        case .connect(let node, let life, let broker): if isRunning(node, life) { connect(node, to: broker) }
        case .feed(let node, let life): if isRunning(node, life) { feed(node) }
        case .arrive(let broker, let life, let message, let sender): arrive(message, at: broker, life, from: sender)
        case .confirm(let sender): confirm(sender)
        case .persist(let node, let life): if isRunning(node, life) { persist(node) }
        case .deliver(let broker, let kind, let node): deliver(broker, kind, to: node)
        case .receive(let node, let link, let broker, let kind, let message, let delivery):
            guard nodes[node].process?.links[broker]?.number == link else { return }
            try receive(message, delivery, kind, on: broker, at: node)
        case .intake(let node, let broker, let link):
            guard nodes[node].process?.links[broker]?.number == link else { return }
            try takeIn(node, from: broker)
        case .own(let node, let life): if isRunning(node, life) { try indexOwn(node) }
        case .pulse(let node, let life): if isRunning(node, life) { sendPulse(node) }
        case .act(let node, let life, let source): if isRunning(node, life) { try act(node, on: source) }
        case .unanswered(let node, let life, let id): if isRunning(node, life) { giveUp(id, node) }
        case .answerLocally(let node, let life, let id, let subject):
            if isRunning(node, life) { try answerLocally(subject, id, node) }
        case .answer(let node, let life): if isRunning(node, life) { try answerNext(node) }
        case .reply(let node, let life, let asker, let outgoing):
            if isRunning(node, life) { reply(outgoing, to: asker, from: node) }
        case .audit(let node, let life): if isRunning(node, life) { try audit(node) }
        case .learn(let node, let life, let hie): if isRunning(node, life) { learn(node, of: hie) }
        case .replay(let node, let letter): try replay(letter, at: node)
        case .settle(let node, let life, let letter): if isRunning(node, life) { settle([letter], at: node) }
        case .end(let fault, let node, let broker): end(fault, node, broker)
        }
    }

    /// What is not as it must be once all is well; `nil` when everything is.
    private func unfinished() -> Broken? {
        for node in nodes where node.isConnected {
            guard let process = node.process else {
                return Broken(.p1, "a worker does not run", subscriber: node.number)
            }
            if node.letters > 0 { return Broken(.p6, "a good message was parked", subscriber: node.number) }
            if !node.parked.isEmpty { return Broken(.p1, "a letter is not settled", subscriber: node.number) }
            if node.records.state.publishedThrough != node.records.state.head {
                return Broken(.p1, "not everything is published", source: node.number)
            }
            for source in nodes where source.isConnected {
                if let missing = unfinished(process, node, source) { return missing }
            }
        }
        return nil
    }

    private func unfinished(_ process: Process, _ node: Node, _ source: Node) -> Broken? {
        func broken(_ what: String) -> Broken {
            Broken(.p1, what, subscriber: node.number, source: source.number)
        }
        let truth = source.records.state
        let held = node.index.held(source.number)
        if truth.head > 0 {
            guard let held, held.state.progress.epoch == truth.epoch else { return broken("an epoch is not applied") }
            guard held.state.progress.applied == AppliedRanges(watermark: truth.head, islands: []) else {
                return broken("not everything is applied")
            }
            guard held.state.digest == truth.digest else { return broken("the digests differ") }
            if !held.tombstones.isEmpty { return broken("tombstones are left") }
            if !held.gaps.isEmpty { return broken("gaps are left") }
            if held.state.tombstoneFloor != nil { return broken("mending has not ended") }
        }
        let live = source.records.journal.rows.filter(\.isPut)
        guard (held?.entries.count ?? 0) == live.count else { return broken("an index is not equal to its source") }
        for row in live {
            guard let entry = held?.entries[row.key], entry.standing.seq == row.seq,
                (try? row.hash) == EntryHash.of(row.key, seq: row.seq, entry.facts)
            else { return broken("an entry is not equal to its source's") }
        }
        guard node.number != source.number else { return nil }
        let coverage = process.subscriptions[source.number]?.coverage(
            at: clock(node.number), silentAfterMilliseconds: Self.silentAfter)
        guard coverage?.state == .complete else {
            return Broken(
                .p3, "coverage says \(coverage?.state.reason ?? "nothing")", subscriber: node.number,
                source: source.number)
        }
        return nil
    }
}
