package import CareRecord

/// Redeeming: applying a dead letter after all. A change is written only where its number counts as missing, and where
/// nothing later of its record stands or was withdrawn: a replay never brings a stale version (promise P2).
///
/// The outcome is noted under letter and plan in the same transaction, so that one that is done again after a crash
/// comes to the same.
extension IndexTransaction {
    package mutating func redeem(_ redemption: Redemption) throws -> LetterVerdict {
        try redeem([redemption]).verdicts[0]
    }

    /// What becomes of each, in the order given, and how far the sources are then.
    package mutating func redeem(
        _ all: [Redemption]
    ) throws -> (verdicts: [LetterVerdict], sources: [HIEIdentifier: IndexedSource]) {
        var sources = try known(all)
        var verdicts = Array(repeating: LetterVerdict.duplicate, count: all.count)
        var touched: Set<HIEIdentifier> = []
        // In order of the key, so that neighbouring rows are written while their page is at hand.
        for position in order(of: all) {
            let hie = all[position].batch.source
            switch try judge(all[position], sources[hie]) {
            case .settled(let verdict): verdicts[position] = verdict
            case .over:
                verdicts[position] = .superseded(by: nil)
                try rows.note(verdicts[position], on: all[position])
            case .due(let own):
                guard var source = sources.removeValue(forKey: hie) else { continue }
                verdicts[position] = try carryOut(all[position], own, &source)
                sources[hie] = source
                touched.insert(hie)
            }
        }
        for hie in touched {
            guard var source = sources[hie] else { continue }
            try sweep(&source)
            try rows.save(source)
            sources[hie] = source
        }
        return (verdicts, sources)
    }

    /// What `redeem` would answer now. Writes nothing.
    package func foresee(_ redemption: Redemption) throws -> LetterVerdict {
        try foresee([redemption])[0]
    }

    /// Each as if it were the only one.
    package func foresee(_ all: [Redemption]) throws -> [LetterVerdict] {
        let sources = try known(all)
        return try all.map { redemption in
            let source = sources[redemption.batch.source]
            switch try judge(redemption, source) {
            case .settled(let verdict): return verdict
            case .over: return .superseded(by: nil)
            case .due(let own):
                guard let source else { return .superseded(by: nil) }
                var outcome = Outcome(redemption, own, source)
                for change in redemption.batch.changes { outcome.count(try fate(of: change, own, source), change.seq) }
                return outcome.verdict
            }
        }
    }

    /// As they stand in the table; of one record in the order of its numbers.
    private func order(of all: [Redemption]) -> [Int] {
        let places = all.map(\.batch.place)
        return all.indices.sorted { (places[$0].0, places[$0].1, $0) < (places[$1].0, places[$1].1, $1) }
    }

    private func known(_ all: [Redemption]) throws -> [HIEIdentifier: IndexedSource] {
        var sources: [HIEIdentifier: IndexedSource] = [:]
        for hie in Set(all.map(\.batch.source)) { sources[hie] = try rows.known(hie) }
        return sources
    }

    // MARK: - The letter

    private enum Judgement {
        /// Noted before, or refused: nothing is to be done.
        case settled(LetterVerdict)
        /// Of an epoch that is over.
        case over
        /// Its changes are to be looked at one by one.
        case due(gap: OpenGap?)
    }

    private func judge(_ redemption: Redemption, _ source: IndexedSource?) throws -> Judgement {
        let batch = redemption.batch
        if let noted = try rows.verdict(on: redemption) { return .settled(noted) }
        guard let source, let epoch = source.progress.epoch else {
            return .settled(
                .failed(
                    Rejection(
                        .epochUnknown,
                        "nothing of \(batch.source)'s journal is in the index yet: replay it once something is")))
        }
        // An epoch that only a letter names must not empty the source.
        if batch.epoch > epoch {
            return .settled(
                .failed(
                    Rejection(
                        .epochUnknown,
                        "the index has not come to this epoch of \(batch.source): replay it once it has, "
                            + "or edit the epoch")))
        }
        if batch.epoch < epoch { return .over }
        let own = source.hasGaps ? try rows.gap(of: redemption.letter, source: source.id) : nil
        if let own, let mistake = own.mistake(in: batch, source.progress.applied) {
            return .settled(.failed(Rejection(.schema, mistake)))
        }
        return .due(gap: own)
    }

    private mutating func carryOut(
        _ redemption: Redemption, _ own: OpenGap?, _ source: inout IndexedSource
    ) throws -> LetterVerdict {
        let batch = redemption.batch
        var outcome = Outcome(redemption, own, source)
        for change in batch.changes.count > 1 ? batch.changes.sorted(by: { $0.seq < $1.seq }) : batch.changes {
            let fate = try fate(of: change, own, source)
            if case .write(let standing, let buried) = fate {
                try enter(change, over: standing, buried: buried, in: &source)
            }
            outcome.count(fate, change.seq)
        }
        if own != nil { try rows.close(redemption.letter, source: source.id) }
        for seq in outcome.written { try fillGaps(at: seq, of: source) }
        if outcome.movesRange {
            _ = try openGaps(of: batch, in: &source)
            source.progress.apply(after: batch.after, through: batch.through, head: batch.head)
        }
        try rows.note(outcome.verdict, on: redemption)
        return outcome.verdict
    }

    // MARK: - A change

    private enum Fate {
        case write(over: StandingEntry?, buried: Int64?)
        case duplicate
        case superseded(by: Int64?)
    }

    /// What becomes of one change. Whatever stands or was withdrawn under its very number or a later one is left: under
    /// its very number stands what the source or an earlier replay said of it, and that is not replaced either.
    private func fate(of change: Change, _ own: OpenGap?, _ source: IndexedSource) throws -> Fate {
        let standing = try rows.standing(change.key, source: source.id)
        let buried = source.hasTombstones ? try rows.tombstone(change.key, source: source.id) : nil
        let latest = max(standing?.seq ?? 0, buried ?? 0)
        switch change.effect {
        case .put(let facts):
            if let standing, standing.seq == change.seq,
                standing.hash == EntryHash.of(change.key, seq: change.seq, facts)
            {
                return .duplicate
            }
        case .withdraw:
            if buried == change.seq, standing == nil { return .duplicate }
        }
        if latest >= change.seq { return .superseded(by: latest) }
        guard try isMissing(change.seq, own, source) else { return .superseded(by: nil) }
        return .write(over: standing, buried: buried)
    }

    private func isMissing(_ seq: Int64, _ own: OpenGap?, _ source: IndexedSource) throws -> Bool {
        if own?.misses(seq) == true || !source.progress.applied.contains(seq) { return true }
        guard source.hasGaps else { return false }
        return try rows.gaps(source: source.id, after: seq - 1, through: seq).contains { $0.misses(seq) }
    }

    /// What the changes of a letter come to together.
    private struct Outcome {
        /// Its range is to be applied, as the intake would have: where it has a gap it was.
        let movesRange: Bool
        private(set) var written: [Int64] = []
        private var isSuperseded = false
        private var supersededBy: Int64?
        private let isEmpty: Bool

        init(_ redemption: Redemption, _ own: OpenGap?, _ source: IndexedSource) {
            let batch = redemption.batch
            movesRange =
                own == nil && !source.progress.applied.contains(after: batch.after, through: batch.through)
            isEmpty = batch.changes.isEmpty
        }

        mutating func count(_ fate: Fate, _ seq: Int64) {
            switch fate {
            case .write: written.append(seq)
            case .duplicate: break
            case .superseded(let by):
                isSuperseded = true
                supersededBy = [supersededBy, by].compactMap(\.self).max()
            }
        }

        var verdict: LetterVerdict {
            if !written.isEmpty || (movesRange && isEmpty) { return .applied }
            return isSuperseded ? .superseded(by: supersededBy) : .duplicate
        }
    }
}

extension OpenGap {
    /// Why what a letter says cannot be what is missing; `nil` where it can. A number that somebody made up would stand
    /// in the way of what the source says under it.
    fileprivate func mistake(in batch: ChangeBatch, _ applied: AppliedRanges) -> String? {
        let fits = batch.changes.allSatisfy { change in
            isExact ? change.seq == through : misses(change.seq) || applied.contains(change.seq)
        }
        if fits, !batch.changes.isEmpty { return nil }
        let numbers = through - after > 1 ? "one of \(after + 1) to \(through)" : "\(through)"
        return "member seq must be the number that is missing, \(numbers)"
    }
}

extension ChangeBatch {
    /// Where the rows of its first change are.
    fileprivate var place: (Int64, Int64) { changes.first.map { ($0.key.patient.value, $0.seq) } ?? (0, after) }
}
