import CareRecord
import Replication

/// The source's side: records, outbox, pulses, own index.
extension World {
    /// Something is submitted, and committed.
    func submit(_ node: Int) throws {
        let before = nodes[node].records.state.head
        let count = generator.chance(percent: 20) ? 6 : 1
        for _ in 0..<count {
            let resource = ResourceKey(type: "Condition", id: "c\(generator.below(12))")!  // a well-formed key
            let patient = Self.patients[generator.below(Self.patients.count)]
            let isPut = !generator.chance(percent: 25)
            let facts = Facts(category: .condition, code: String(generator.below(1000)))
            try nodes[node].records.set(resource, patient: isPut ? patient : nil, facts: isPut ? facts : nil)
        }
        guard nodes[node].records.state.head > before else { return }
        trace.note(now, nil, node, "\(names[node]) commits \(before + 1)…\(nodes[node].records.state.head)")
        try ledger.commit(node, nodes[node].records, before: before)
        wakeFeed(node)
        wakeOwn(node)
    }

    static let patients: [NHSNumber] = (Int64(1)...9).compactMap { NHSNumber(firstNine: 999_000_000 + $0) }

    func wakeFeed(_ node: Int) {
        guard let process = nodes[node].process, process.outbox != nil, !process.isFeeding else { return }
        nodes[node].process?.isFeeding = true
        add(.feed(node: node, life: process.life), after: soon())
    }

    /// One turn of the outbox: sends a page if the machine wants one.
    func feed(_ node: Int) {
        nodes[node].process?.isFeeding = false
        guard let outbox = nodes[node].process?.outbox, outbox.demand != .nothing else { return }
        let page = nodes[node].records.page(JournalStretch(after: outbox.sentThrough), limits: outbox.limits.page)
        guard page.through > outbox.sentThrough, page.isFull || outbox.demand == .anything else { return }
        let outgoing = ChangeBatch.message(source: names[node], page, sentAt: clock(node))
        guard let number = publish(outgoing, from: node, to: nodes[node].home) else { return }
        trace.note(now, nil, node, "\(names[node]) publishes (\(page.after), \(page.through)]")
        let home = nodes[node].home
        nodes[node].process?.links[home]?.unconfirmed[number] = page.through
        settle(
            nodes[node].process?.outbox?.sent(
                number: number, through: page.through, bytes: page.body.count), node)
        wakeFeed(node)
    }

    func confirm(_ sender: Sender) {
        guard nodes[sender.node].process?.links[sender.broker]?.number == sender.link,
            nodes[sender.node].home == sender.broker
        else { return }
        nodes[sender.node].process?.links[sender.broker]?.unconfirmed[sender.number] = nil
        settle(nodes[sender.node].process?.outbox?.confirmed(sender.number), sender.node)
        wakeFeed(sender.node)
    }

    private func settle(_ settlement: OutboxMachine.Settlement?, _ node: Int) {
        guard case .publishedThrough = settlement, let life = nodes[node].process?.life else { return }
        add(.persist(node: node, life: life), after: soon(0...50))
    }

    func persist(_ node: Int) {
        guard let through = nodes[node].process?.outbox?.publishedThrough else { return }
        let link = nodes[node].process?.links[nodes[node].home]
        if link?.unconfirmed.values.contains(where: { $0 <= through }) == true {
            fail(Broken(.p1, "a change counts as published before it was confirmed", source: node))
        }
        let state = nodes[node].records.state
        nodes[node].records.state.publishedThrough = max(state.publishedThrough, min(state.head, through))
        if generator.chance(percent: 30) { nodes[node].syncedPublishedThrough = through }
    }

    func sendPulse(_ node: Int) {
        guard let process = nodes[node].process else { return }
        let state = nodes[node].records.state
        let pulse = Pulse(
            source: names[node], epoch: state.epoch, head: state.head, digest: state.digest.total,
            intervalMilliseconds: Self.pulseInterval)
        if process.outbox != nil, !brokers[nodes[node].home].isBlocked {
            publish(
                pulse.message(sentAt: clock(node), lifetimeMilliseconds: Self.pulseInterval * 3), from: node,
                to: nodes[node].home)
        }
        hear(pulse, from: node, at: node)
        // What the worker keeps now and then.
        for (source, subscription) in process.subscriptions {
            let freshness = subscription.freshness
            nodes[node].keptFreshness[source] = Freshness(
                head: freshness.head, heardAt: freshness.heardAt, asOf: freshness.asOf)
        }
        if generator.chance(percent: 40) {
            nodes[node].syncedIndex = nodes[node].index
            nodes[node].syncedFreshness = nodes[node].keptFreshness
        }
        add(.pulse(node: node, life: process.life), after: Self.pulseInterval)
    }

    func wakeOwn(_ node: Int) {
        guard let process = nodes[node].process, !process.isOwnDue else { return }
        nodes[node].process?.isOwnDue = true
        add(.own(node: node, life: process.life), after: soon())
    }

    /// Indexes the own journal, page by page.
    func indexOwn(_ node: Int) throws {
        nodes[node].process?.isOwnDue = false
        let progress = nodes[node].index.held(node)?.state.progress
        let epoch = nodes[node].records.state.epoch
        let after = progress?.epoch == epoch ? progress?.applied.watermark ?? 0 : 0
        let page = nodes[node].records.page(
            JournalStretch(after: after), limits: PageLimits(changesMax: 5, bytesMax: 10_000))
        guard page.through > after else { return }
        let changes = try page.body.split(separator: UInt8(ascii: "\n")).map(ChangeLine.read)
        let batch = ChangeBatch(
            source: names[node], epoch: page.epoch, after: page.after, through: page.through, head: page.head,
            changes: changes)
        guard try apply([batch], at: node) else {
            guard let life = nodes[node].process?.life else { return }
            nodes[node].process?.isOwnDue = true
            return add(.own(node: node, life: life), after: 200)
        }
        wakeOwn(node)
    }
}
