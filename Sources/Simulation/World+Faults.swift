import CareRecord
import Replication

/// Work and faults, in the order that the seed says.
extension World {
    private static let workPercent = 75

    func goOn() throws {
        guard stepsLeft > 0 else { return }
        stepsLeft -= 1
        add(.next, after: Int64(generator.within(1...150)))
        if generator.chance(percent: Self.workPercent) {
            let node = generator.below(nodes.count)
            // A crashed worker takes nothing in.
            if nodes[node].process != nil { try submit(node) }
            if generator.chance(percent: 5) {
                nodes[node].backup = Backup(
                    records: nodes[node].records, index: nodes[node].index, freshness: nodes[node].keptFreshness,
                    parked: nodes[node].parked)
            }
            return
        }
        let fault = Fault.allCases[generator.below(Fault.allCases.count)]
        let node = generator.below(nodes.count)
        let broker = generator.below(brokers.count)
        guard options.allows(fault) else { return }
        try inject(fault, node, broker)
    }

    private func inject(_ fault: Fault, _ node: Int, _ broker: Int) throws {
        switch fault {
        case .loss, .duplication, .reordering, .delay, .corruption:
            weather[fault] = now + Int64(generator.within(200...4000))
            note(fault, nil)
        case .crash, .powerCut:
            guard nodes[node].process != nil else { return }
            note(fault, node)
            crash(node, isPowerCut: fault == .powerCut)
            restart(node)
        case .brokerRestart:
            guard brokers[broker].isUp else { return }
            note(fault, nil, "broker \(broker)")
            for node in nodes.indices { cut(node, from: broker) }
            brokers[broker].restart()
            brokers[broker].isUp = false
            later(fault, node, broker, 100...4000)
            for node in nodes.indices { reconnect(node, broker) }
        case .partition:
            guard nodes[node].cutOff.insert(broker).inserted else { return }
            note(fault, node, "from broker \(broker)")
            cut(node, from: broker)
            reconnect(node, broker)
            later(fault, node, broker, 200...10_000)
        case .alarm:
            guard !brokers[broker].isBlocked else { return }
            note(fault, nil, "broker \(broker)")
            brokers[broker].isBlocked = true
            later(fault, node, broker, 200...5000)
        case .slowPeer:
            note(fault, node)
            nodes[node].isSlow = true
            later(fault, node, broker, 1000...20_000)
        case .diskFull:
            note(fault, node)
            nodes[node].isDiskFull = true
            later(fault, node, broker, 200...5000)
        case .clockJump:
            note(fault, node)
            nodes[node].clockOffset += Int64(generator.within(-600_000...600_000))
        case .purge:
            note(fault, node, "at broker \(broker)")
            brokers[broker][.changes, node].ready = []
        case .join: try join()
        case .restoredBackup, .newDisk, .lostIndex, .tampering: try damage(fault, node)
        }
    }

    private func note(_ fault: Fault, _ node: Int?, _ detail: String = "") {
        faultCount += 1
        trace.note(now, node, nil, "FAULT \(fault.rawValue) \(node.map { names[$0].text } ?? "") \(detail)")
    }

    private func later(_ fault: Fault, _ node: Int, _ broker: Int, _ range: ClosedRange<Int>) {
        add(.end(fault, node: node, broker: broker), after: Int64(generator.within(range)))
    }

    private func restart(_ node: Int) {
        add(.start(node: node), after: Int64(generator.within(50...5000)))
    }

    private func reconnect(_ node: Int, _ broker: Int) {
        guard let life = nodes[node].process?.life else { return }
        add(.connect(node: node, life: life, broker: broker), after: soon(50...500))
    }

    /// What happens to a disk while the worker is down, or behind its back.
    private func damage(_ fault: Fault, _ node: Int) throws {
        switch fault {
        case .restoredBackup:
            guard let backup = nodes[node].backup else { return }
            note(fault, node)
            crash(node)
            nodes[node].records = backup.records
            nodes[node].syncedPublishedThrough = min(nodes[node].syncedPublishedThrough, backup.records.state.head)
            // A whole disk, or the records alone.
            if generator.chance(percent: 40) {
                nodes[node].index = backup.index
                nodes[node].keptFreshness = backup.freshness
                nodes[node].parked = backup.parked
                ledger.rolledBack(node)
            }
            nodes[node].syncedIndex = nodes[node].index
            nodes[node].syncedFreshness = nodes[node].keptFreshness
            ledger.restored(node)
            restart(node)
        case .newDisk:
            note(fault, node)
            crash(node)
            let epoch = Epoch(beginning: clock(node), using: &generator)
            nodes[node].records = MemoryRecords(state: JournalState(epoch: epoch))
            nodes[node].syncedPublishedThrough = 0
            nodes[node].backup = nil
            if generator.chance(percent: 50) { loseIndex(node) }
            try ledger.begin(epoch, of: node, MemoryJournal())
            restart(node)
        case .lostIndex:
            note(fault, node)
            crash(node)
            loseIndex(node)
            restart(node)
        default:
            let source = generator.below(nodes.count)
            guard let life = nodes[node].process?.life, nodes[node].index.tamper(source, using: &generator) else {
                return
            }
            note(fault, node, "rows of \(names[source])")
            ledger.tampered(node, source)
            add(.audit(node: node, life: life), after: Int64(generator.within(100...5000)))
        }
    }

    private func loseIndex(_ node: Int) {
        nodes[node].index = MemoryIndex(numbers: numbers)
        for letter in nodes[node].parked.keys { nodes[node].parked[letter]?.verdict = nil }
        nodes[node].syncedIndex = nodes[node].index
        nodes[node].keptFreshness = [:]
        nodes[node].syncedFreshness = [:]
    }

    private func join() throws {
        guard let node = nodes.first(where: { !$0.isConnected })?.number else { return }
        note(.join, node)
        nodes[node].isConnected = true
        restart(node)
        for other in nodes {
            guard let life = other.process?.life else { continue }
            add(.learn(node: other.number, life: life, of: node), after: Int64(generator.within(0...3000)))
        }
    }

    func end(_ fault: Fault, _ node: Int, _ broker: Int) {
        switch fault {
        case .brokerRestart: brokers[broker].isUp = true
        case .partition: nodes[node].cutOff.remove(broker)
        case .alarm: brokers[broker].isBlocked = false
        case .slowPeer: nodes[node].isSlow = false
        case .diskFull: nodes[node].isDiskFull = false
        case .crash, .powerCut, .loss, .duplication, .reordering, .delay, .corruption, .restoredBackup, .newDisk,
            .lostIndex, .tampering, .clockJump, .join, .purge:
            break
        }
    }

    /// Ends every fault. What they left behind is for the mesh to put right.
    func heal() {
        trace.note(now, nil, nil, "all faults end")
        weather = [:]
        for broker in brokers.indices {
            brokers[broker].isUp = true
            brokers[broker].isBlocked = false
        }
        for node in nodes.indices {
            nodes[node].cutOff = []
            nodes[node].isSlow = false
            nodes[node].isDiskFull = false
            if nodes[node].isConnected, nodes[node].process == nil { add(.start(node: node), after: 100) }
            // The rounds of an audit are far apart; one of them comes now.
            if let life = nodes[node].process?.life { add(.audit(node: node, life: life), after: 1000) }
            for letter in letters(of: node) { add(.replay(node: node, letter), after: 1000) }
        }
    }
}
