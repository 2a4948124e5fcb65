import AMQP
import CareRecord
import Replication

/// A line as it arrived, damaged.
struct DamagedLine: Hashable {
    let source: HIEIdentifier
    let epoch: String?
    let bytes: [UInt8]
}

/// Lines that are damaged on their way: parked, then replayed or discarded, or overtaken by what comes later.
extension World {
    private static let damagedPercent = 25
    private static let discardedPercent = 10

    /// The delivery as it arrives: with one of its lines damaged, where that is the weather.
    func damaged(_ delivery: Delivery, at node: Int) -> Delivery {
        guard isOn(.corruption), generator.chance(percent: Self.damagedPercent),
            let source = delivery.message.appID.flatMap({ HIEIdentifier($0) })
        else { return delivery }
        var lines = delivery.message.body.split(separator: UInt8(ascii: "\n")).map(Array.init)
        let place = generator.below(lines.count)
        guard let change = try? ChangeLine.read(lines[place][...]) else { return delivery }
        // Without its first byte it has no number that can be read.
        lines[place] =
            generator.chance(percent: 30)
            ? Array(lines[place].dropFirst())
            : Array(String(decoding: lines[place], as: UTF8.self).replacing("\"op\"", with: "\"oq\"").utf8)
        let epoch = delivery.message.headers[HeaderName.epoch]?.text
        damagedLines[DamagedLine(source: source, epoch: epoch, bytes: lines[place])] = change
        trace.note(now, node, numbers[source], "change \(change.seq) of \(source) is damaged")
        var message = delivery.message
        message.body = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
        return Delivery(
            message: message, tag: delivery.tag, isRedelivered: delivery.isRedelivered, exchange: delivery.exchange,
            routingKey: delivery.routingKey)
    }

    func park(_ letters: [DeadLetter], at node: Int) {
        for letter in letters {
            guard let hie = letter.source, let source = numbers[hie], let epoch = letter.subject.epoch,
                let change = damagedLines[
                    DamagedLine(source: hie, epoch: epoch.text, bytes: letter.message.body)]
            else {
                nodes[node].letters += 1
                fail(Broken(.p6, "a good message was parked: \(letter.rejection)", subscriber: node))
                continue
            }
            let identity = LetterIdentity(of: letter)
            guard nodes[node].parked[identity] == nil else { continue }
            nodes[node].parked[identity] = Parked(
                source: source,
                batch: ChangeBatch(
                    source: hie, epoch: epoch, after: change.seq - 1, through: change.seq, changes: [change]))
            add(.replay(node: node, identity), after: Int64(generator.within(200...20_000)))
        }
        countHeld(node)
    }

    /// In an order of their own.
    func letters(of node: Int) -> [LetterIdentity] { nodes[node].parked.keys.sorted { $0.text < $1.text } }

    /// What a starting worker finds: letters that were under way, and gaps whose letters are settled, because what the
    /// index knew of that was lost in a power cut.
    func takeUpLetters(_ node: Int) throws {
        for source in nodes.indices {
            guard let gaps = nodes[node].index.held(source)?.gaps else { continue }
            let left = gaps.keys.filter { nodes[node].parked[$0] == nil }
            guard !left.isEmpty else { continue }
            // A worker whose disk is full would wait for it here.
            var transaction = IndexTransaction(nodes[node].index)
            _ = try transaction.closeGaps(left, of: names[source])
            nodes[node].index = transaction.rows
            ledger.tampered(node, source)
        }
        countHeld(node)
        for letter in letters(of: node) { add(.replay(node: node, letter), after: soon(0...500)) }
    }

    /// An operator replays a letter, or discards it.
    func replay(_ letter: LetterIdentity, at node: Int) throws {
        guard let parked = nodes[node].parked[letter] else { return }
        guard nodes[node].process != nil else { return add(.replay(node: node, letter), after: 1000) }
        if parked.plan == nil, generator.chance(percent: Self.discardedPercent) {
            return try discard(letter, parked, at: node)
        }
        if parked.plan == nil { nodes[node].lastPlan += 1 }
        let plan = parked.plan ?? nodes[node].lastPlan
        nodes[node].parked[letter]?.plan = plan
        let redemption = Redemption(letter: letter, plan: plan, batch: parked.batch)
        let foreseen = try IndexTransaction(nodes[node].index).foresee(redemption)
        var outcome: (verdicts: [LetterVerdict], sources: [HIEIdentifier: IndexedSource]) = ([], [:])
        guard try writeIndex(node, { outcome = try $0.redeem([redemption]) }) else {
            return add(.replay(node: node, letter), after: 500)
        }
        // It survives a power cut, with all before it.
        nodes[node].syncedIndex = nodes[node].index
        nodes[node].syncedFreshness = nodes[node].keptFreshness
        let verdict = outcome.verdicts[0]
        trace.note(
            now, node, parked.source,
            "\(names[node]) replays change \(parked.batch.through) of \(names[parked.source]): \(verdict)")
        if foreseen != verdict {
            fail(Broken(.p2, "a replay came to something else than was foreseen", subscriber: node))
        }
        if let earlier = parked.verdict, earlier != verdict {
            fail(Broken(.p2, "a replay that was repeated came to something else", subscriber: node))
        }
        if case .failed = verdict {
            nodes[node].parked[letter]?.plan = nil
            add(.replay(node: node, letter), after: 2000)
        } else {
            nodes[node].parked[letter]?.verdict = verdict
            guard let life = nodes[node].process?.life else { return }
            add(.settle(node: node, life: life, letter), after: soon(0...50))
        }
        advance(outcome.sources, at: node)
    }

    private func discard(_ letter: LetterIdentity, _ parked: Parked, at node: Int) throws {
        var closed: IndexedSource?
        let hie = names[parked.source]
        guard try writeIndex(node, { closed = try $0.closeGaps([letter], of: hie) }), let closed else {
            return add(.replay(node: node, letter), after: 500)
        }
        trace.note(now, node, parked.source, "\(names[node]) discards change \(parked.batch.through) of \(hie)")
        // What it said is missing until the source is compared.
        ledger.tampered(node, parked.source)
        settle([letter], at: node)
        advance([hie: closed], at: node)
    }

    /// Nothing is to be done about these letters any more.
    func settle(_ letters: [LetterIdentity], at node: Int) {
        guard !letters.isEmpty else { return }
        for letter in letters { nodes[node].parked[letter] = nil }
        countHeld(node)
    }

    private func countHeld(_ node: Int) {
        guard nodes[node].process != nil else { return }
        for source in nodes.indices where source != node {
            let count = nodes[node].parked.values.count { $0.source == source }
            if count > 0 || nodes[node].process?.subscriptions[source] != nil {
                subscription(node, source) { $0.held = count }
            }
        }
    }
}
