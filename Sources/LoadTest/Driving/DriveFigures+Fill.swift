import CareRecord

extension DriveFigures {
    /// Puts everything into a result.
    func fill(_ result: inout LoadResult, _ profile: LoadProfile, _ hies: [HIEIdentifier], _ ledger: Ledger) {
        if result.durationSeconds == 0 { result.durationSeconds = measuredSeconds }
        result.samples = samples
        fillAccounting(&result.accounting, ledger)
        fillRates(&result, profile)
        fillLatencies(&result)
        result.peers = zip(hies, workers).map { $1.result($0) }
        for (what, count) in failures.sorted(by: { $0.key < $1.key }) { result.remarks.append("\(count) × \(what)") }
        result.remarks += skips + remarks + faults
        if !faults.isEmpty || result.accounting.breaksAPromise { result.passed = false }
    }

    private func fillAccounting(_ accounting: inout LoadResult.Accounting, _ ledger: Ledger) {
        accounting.attempted = attempted
        accounting.acknowledged = ledger.acknowledged
        accounting.unknown = ledger.unknown
        accounting.errors = errors
        accounting.wrongCoverage = wrongCoverage
        accounting.held = workers.reduce(0) { $0 + $1.parked.total }
        guard let verification else { return }
        accounting.applied = verification.applied
        accounting.lost = verification.lost
        accounting.duplicated = verification.duplicated
        accounting.stale = verification.stale
    }

    /// What was skipped because of a fault counts neither as intended nor as achieved, and what ended well after the
    /// schedule's end counts, but was not achieved in its time.
    private func fillRates(_ result: inout LoadResult, _ profile: LoadProfile) {
        guard measuredSeconds > 0 else { return }
        let batch = profile.changes?.batch ?? 1
        for (name, tally, factor) in [
            ("changes", changes, batch), ("lookups", lookups, 1), ("queries", queries, 1),
            ("badMessages", badMessages, 1),
        ] where tally.wanted > 0 {
            result.rates[name] = LoadResult.Rate(
                intended: Double((tally.wanted - tally.skipped) * factor) / measuredSeconds,
                achieved: Double(tally.inTime * factor) / measuredSeconds, count: tally.done * factor)
        }
        if applied.done > 0 {
            result.rates["applied"] = LoadResult.Rate(
                intended: nil, achieved: Double(applied.inTime) / measuredSeconds, count: applied.done)
        }
    }

    private func fillLatencies(_ result: inout LoadResult) {
        for (clock, path) in Self.clocks where self[keyPath: path].count > 0 {
            result.latencies[clock.rawValue] = self[keyPath: path].latency
        }
        var confirm = LatencyRecorder()
        for worker in workers {
            for (microseconds, count) in worker.confirms.counts {
                confirm.record(microseconds: microseconds, count: count)
            }
        }
        if confirm.count > 0 { result.latencies[LoadResult.Clock.confirm.rawValue] = confirm.latency }
    }

    private var skips: [String] {
        [("lookups", lookups), ("queries", queries)].compactMap { name, tally in
            tally.skipped > 0 ? "\(tally.skipped) \(name) were skipped: a fault had stopped their worker" : nil
        }
    }
}

extension DriveFigures.Worker {
    fileprivate func result(_ hie: HIEIdentifier) -> LoadResult.PeerResult {
        var result = LoadResult.PeerResult(hie: hie.text)
        result.acknowledged = acknowledged
        result.lookups = lookups
        result.errors = errors
        result.applied = applied.total
        result.redelivered = redelivered.total
        result.held = parked.total
        result.blockedSeconds = blockedSeconds
        if lookup.count > 0 { result.lookupP99 = lookup.corrected.milliseconds(99) }
        if replication.count > 0 { result.replicationP99 = replication.corrected.milliseconds(99) }
        return result
    }
}

extension LoadResult.Accounting {
    /// What fails a run, whatever its profile demands.
    fileprivate var breaksAPromise: Bool { lost > 0 || duplicated > 0 || stale > 0 || wrongCoverage > 0 }
}

// MARK: - Whether the generator kept up

extension DriveFigures {
    /// Of the generator's own lateness at the 99th percentile.
    static let latenessMaxMilliseconds = 50.0
    /// Of a stream's events, those that may be left unsent.
    static let unsentShareMax = 0.01

    /// Why the figures say more about the generator than about the mesh; `nil` where it kept up. `waiting` are
    /// requests of changes that are not sent.
    func generatorLateness(waiting: Int) -> String? {
        let lateness = schedule.corrected.milliseconds(99)
        if schedule.count > 0, lateness > Self.latenessMaxMilliseconds {
            return "the generator could not keep up: 1 % of its requests were taken up more than "
                + "\(Int(lateness)) ms late; give it a core of its own or a lower rate"
        }
        for (name, wanted, unsent) in [
            ("changes", changes.wanted, waiting), ("lookups", lookups.wanted, lookups.unsent),
            ("queries", queries.wanted, queries.unsent),
        ] where wanted > 0 && Double(unsent) > Double(wanted) * Self.unsentShareMax {
            return "the generator could not keep up: \(unsent) of \(wanted) requests for \(name) were not sent"
        }
        return nil
    }
}

extension DriveCore {
    /// Changes that wait for a source that is or was stopped are not the generator's fault.
    var generatorLateness: String? {
        let waiting = lines.indices.reduce(0) { $0 + (board.isStopped($1) ? 0 : lines[$1]?.lateCount ?? 0) }
        return figures.generatorLateness(waiting: waiting)
    }
}
