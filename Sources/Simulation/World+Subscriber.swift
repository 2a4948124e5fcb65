import AMQP
import CareRecord
import Replication

/// The subscriber's side: intake, index, and what it asks for.
extension World {
    func wakeIntake(_ node: Int, _ broker: Int) {
        guard let link = nodes[node].process?.links[broker], !link.isReading else { return }
        nodes[node].process?.links[broker]?.isReading = true
        add(.intake(node: node, broker: broker, link: link.number), after: soon(0...3))
    }

    /// One step of the intake; between two of them anything may happen.
    func takeIn(_ node: Int, from broker: Int) throws {
        guard let link = nodes[node].process?.links[broker] else { return }
        guard let step = link.steps.first ?? read(node, from: broker) else {
            nodes[node].process?.links[broker]?.isReading = false
            return
        }
        guard try perform(step, node, broker) else {
            return add(.intake(node: node, broker: broker, link: link.number), after: 200)
        }
        nodes[node].process?.links[broker]?.steps.removeFirst()
        add(.intake(node: node, broker: broker, link: link.number), after: soon(0...3))
    }

    /// Reads some of what was delivered; the first step of what is to be done, `nil` where nothing was.
    private func read(_ node: Int, from broker: Int) -> IntakeReader.Step? {
        guard let buffer = nodes[node].process?.links[broker]?.buffer, !buffer.isEmpty else { return nil }
        let count = generator.within(1...buffer.count)
        let reader = IntakeReader(
            seat: Seat(names[node]), queue: "changes", sources: sources(of: node, at: broker),
            planned: planned(by: node),
            changesMax: 10)
        let steps = reader.steps(for: Array(buffer.prefix(count)))
        nodes[node].process?.links[broker]?.buffer.removeFirst(count)
        nodes[node].process?.links[broker]?.steps = steps
        nodes[node].process?.links[broker]?.readAt = now
        return steps.first
    }

    /// `false` while it cannot be done.
    private func perform(_ step: IntakeReader.Step, _ node: Int, _ broker: Int) throws -> Bool {
        switch step {
        case .park(let letters): park(letters, at: node)
        case .apply(let batches):
            return try apply(batches, at: node)
        case .redeem, .discard:
            preconditionFailure("nothing is replayed here")
        case .acknowledge(let tag):
            for message in brokers[broker][.changes, node].acknowledge(through: tag.number) {
                checkAcknowledged(message.outgoing.message, at: node, broker)
            }
            add(.deliver(broker: broker, .changes, node: node), after: 0)
        }
        return true
    }

    /// What the broker forgets must be on the subscriber's disk (P1), or be of an HIE that is not connected yet.
    private func checkAcknowledged(_ message: Message, at node: Int, _ broker: Int) {
        guard let source = message.appID.flatMap({ HIEIdentifier($0) }).flatMap({ numbers[$0] }),
            let process = nodes[node].process, let since = process.known[source],
            let link = process.links[broker], since <= link.readAt,
            let epoch = message.headers[HeaderName.epoch]?.text.flatMap(Epoch.init),
            let after = message.headers[HeaderName.after]?.int, let through = message.headers[HeaderName.through]?.int
        else { return }
        let progress = nodes[node].index.held(source)?.state.progress
        if let applied = progress?.epoch, epoch < applied { return }
        if progress?.epoch == epoch, progress?.applied.contains(after: after, through: through) == true { return }
        fail(Broken(.p1, "a message was acknowledged before it was written", subscriber: node, source: source))
    }

    /// Applies batches and tells the subscriptions; `false` while the disk is full.
    func apply(_ batches: [ChangeBatch], at node: Int) throws -> Bool {
        var applied = AppliedChanges()
        guard try writeIndex(node, { applied = try $0.apply(batches) }) else { return false }
        for batch in batches {
            trace.note(
                now, node, numbers[batch.source],
                "\(names[node]) applies (\(batch.after), \(batch.through)] of \(batch.source)")
        }
        // A worker may die in between.
        if !generator.chance(percent: 20) { settle(applied.filled + applied.unneeded, at: node) }
        advance(applied.sources, at: node)
        return true
    }

    /// One transaction on the index: all of it or, while the disk is full, nothing.
    @discardableResult
    func writeIndex(
        _ node: Int, _ body: (inout IndexTransaction<MemoryIndex>) throws -> Void
    ) throws -> Bool {
        if nodes[node].isDiskFull { return false }
        var transaction = IndexTransaction(nodes[node].index)
        try body(&transaction)
        nodes[node].index = transaction.rows
        return true
    }

    /// The index has moved: subscriptions are told, and promises checked.
    func advance(_ sources: [HIEIdentifier: IndexedSource], at node: Int) {
        for (hie, state) in sources.sorted(by: { $0.key < $1.key }) {
            guard let source = numbers[hie] else { continue }
            let moment = clock(node)
            subscription(node, source) { $0.advanced(state.progress, digest: state.digest.total, at: moment) }
            check(node, source)
            tick(node, source)
        }
    }

    func hear(_ pulse: Pulse, from source: Int, at node: Int) {
        let moment = clock(node)
        ledger.received(pulse, by: node, from: source, at: moment)
        subscription(node, source) { $0.pulse(pulse, at: moment) }
        check(node, source)
        tick(node, source)
    }

    private func tick(_ node: Int, _ source: Int) {
        handle(.tick, node, source)
    }

    func check(_ node: Int, _ source: Int) {
        guard broken == nil else { return }
        let held = nodes[node].index.held(source)
        if let held { fail(ledger.check(held, of: source, at: node)) }
        guard node != source, nodes[node].process?.known[source] != nil,
            let coverage = nodes[node].process?.subscriptions[source]?.coverage(
                at: clock(node), silentAfterMilliseconds: Self.silentAfter)
        else { return }
        fail(ledger.check(coverage, held, of: source, at: node))
    }

    func subscription(_ node: Int, _ source: Int, _ change: (inout Subscription) -> Void) {
        change(&nodes[node].process!.subscriptions[source, default: Subscription(names[source])])  // it runs: its event
    }

    // MARK: - What is missing is asked for

    func handle(_ event: Subscription.Event, _ node: Int, _ source: Int) {
        guard nodes[node].process != nil else { return }
        let moment = clock(node)
        var actions: [Subscription.Action] = []
        subscription(node, source) { actions = $0.handle(event, at: moment) }
        var mustWait = false
        for action in actions {
            if case .ask(let number, let subject) = action, !mustWait {
                ask(subject, number, node, of: source)
            } else {
                if case .keepTombstones = action { mustWait = true }
                nodes[node].process?.actions[source, default: []].append(action)
                if nodes[node].process?.actions[source]?.count == 1 { wakeActions(node, source, after: soon(0...3)) }
            }
        }
    }

    private func wakeActions(_ node: Int, _ source: Int, after milliseconds: Int64) {
        guard let life = nodes[node].process?.life else { return }
        add(.act(node: node, life: life, source: source), after: milliseconds)
    }

    /// Does the next thing about a source.
    func act(_ node: Int, on source: Int) throws {
        guard let action = nodes[node].process?.actions[source]?.first else { return }
        guard try perform(action, node, source) else { return wakeActions(node, source, after: 200) }
        nodes[node].process?.actions[source]?.removeFirst()
        switch action {
        case .write, .mend: handle(.written, node, source)
        case .readDigest:
            let state = nodes[node].index.held(source)?.state ?? IndexedSource(id: Int64(source), hie: names[source])
            handle(.digestRead(state.digest, state.progress), node, source)
        case .ask, .keepTombstones, .forgetTombstones: break
        }
        if nodes[node].process?.actions[source]?.isEmpty == false { wakeActions(node, source, after: soon(0...3)) }
    }

    /// `false` while it cannot be done.
    private func perform(_ action: Subscription.Action, _ node: Int, _ source: Int) throws -> Bool {
        switch action {
        case .ask(let number, let subject):
            ask(subject, number, node, of: source)
            return true
        case .readDigest: return true
        case .write(let page):
            guard page.letters.isEmpty else {
                fail(Broken(.p6, "a good line was parked", subscriber: node, source: source))
                return true
            }
            return try apply([page.batch], at: node)
        case .keepTombstones: return try mend(node) { try ($0.keepTombstones(of: self.names[source]), 0) }
        case .forgetTombstones: return try mend(node) { try ($0.forgetTombstones(of: self.names[source]), 0) }
        case .mend(let buckets): return try mend(node) { try $0.replace(buckets.page) }
        }
    }

    private func mend(
        _ node: Int, _ body: (inout IndexTransaction<MemoryIndex>) throws -> (source: IndexedSource, mended: Int)
    ) throws -> Bool {
        var mended: (source: IndexedSource, mended: Int)?
        guard try writeIndex(node, { mended = try body(&$0) }), let mended else { return false }
        trace.note(
            now, node, numbers[mended.source.hie], "\(names[node]) mends \(mended.mended) rows of \(mended.source.hie)")
        advance([mended.source.hie: mended.source], at: node)
        return true
    }

    private func ask(_ subject: Question.Subject, _ number: Int, _ node: Int, of source: Int) {
        guard let process = nodes[node].process else { return }
        lastQuestion += 1
        let id = "\(names[node])/\(lastQuestion)"
        nodes[node].process?.questions[id] = (source, number)
        trace.note(now, node, source, "\(names[node]) asks \(names[source]) for \(subject.words)")
        if node == source {
            return add(.answerLocally(node: node, life: process.life, id: id, subject), after: soon(0...3))
        }
        let question = Question(
            asker: names[node], run: process.run, id: id, subject: subject,
            lifetimeMilliseconds: Self.answerTimeout)
        let sent = publish(
            question.message(to: names[source], sentAt: clock(node)), from: node, to: nodes[source].home)
        add(.unanswered(node: node, life: process.life, id: id), after: sent == nil ? 50 : Self.answerTimeout)
    }

    func giveUp(_ id: String, _ node: Int) {
        guard let (source, number) = nodes[node].process?.questions.removeValue(forKey: id) else { return }
        handle(.unanswered(question: number, reason: "no answer"), node, source)
    }

    func receive(answer delivery: Delivery, on broker: Int, at node: Int) {
        guard let process = nodes[node].process else { return }
        do throws(Rejection) {
            let read = try Answer.read(
                delivery, to: names[node], run: process.run, queue: "replies",
                from: sources(of: node, at: broker))
            guard let (source, number) = process.questions[read.questionID], names[source] == read.source else {
                return
            }
            nodes[node].process?.questions[read.questionID] = nil
            handle(.answered(question: number, read.answer), node, source)
        } catch {
            fail(Broken(.p6, "an answer cannot be read: \(error)", subscriber: node))
        }
    }

    /// Counts the entries of every source anew.
    func audit(_ node: Int) throws {
        for source in nodes.indices {
            guard let state = nodes[node].index.held(source)?.state else { continue }
            let difference = try IndexTransaction(nodes[node].index).difference(of: state)
            guard difference.total != 0 || !difference.differences(from: BucketDigest()).isEmpty else { continue }
            trace.note(now, node, source, "\(names[node]) finds that rows of \(names[source]) were changed")
            var corrected: IndexedSource?
            try writeIndex(node) {
                corrected = try $0.correct(self.names[source], epoch: state.progress.epoch, by: difference)
            }
            if let corrected { advance([names[source]: corrected], at: node) }
        }
    }
}

extension Question.Subject {
    fileprivate var words: String {
        switch self {
        case .changes(let after, let through): "changes (\(after), \(through.map { String($0) } ?? "head")]"
        case .buckets(let buckets, let after): "buckets \(buckets.numbers) after \(after)"
        case .state: "its state"
        case .record: "a record"
        }
    }
}
