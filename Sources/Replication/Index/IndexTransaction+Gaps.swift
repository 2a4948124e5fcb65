package import CareRecord

/// Numbers that count as applied and are not, because their change was parked; and the letters that bring it after all.
///
/// While there are gaps, tombstones above the lowest one are kept, so that a change that fills its gap late never brings
/// back what was withdrawn since (promise P2).
extension IndexTransaction {
    /// Whether the change's number counts as applied and is not.
    func isMissing(_ change: Change, of source: IndexedSource) throws -> Bool {
        guard source.hasGaps else { return false }
        return try !rows.gaps(holding: change.seq, source: source.id).isEmpty
    }

    /// Remembers the batch's parked lines, those whose number is not applied already.
    mutating func leaveGaps(_ batch: ChangeBatch, _ sources: inout [HIEIdentifier: IndexedSource]) throws {
        guard !batch.gaps.isEmpty, var source = sources[batch.source] else { return }
        for gap in batch.gaps where !source.progress.applied.contains(after: gap.after, through: gap.through) {
            try leave(gap, in: &source)
        }
        sources[batch.source] = source
    }

    mutating func leave(_ gap: Gap, in source: inout IndexedSource) throws {
        try rows.open(gap, source: source.id)
        source.hasGaps = true
    }

    /// The source has sent a change whose number was missing: its gaps close. A gap of several numbers, of a line whose
    /// own could not be read, closes when that changed something.
    mutating func fillGaps(with change: Change, of source: inout IndexedSource) throws -> [LetterIdentity] {
        let isWritten = try rows.standing(change.key, source: source.id)?.seq == change.seq
        let filled = try rows.gaps(holding: change.seq, source: source.id).filter {
            isWritten || $0.through - $0.after == 1
        }
        for gap in filled { try rows.close(gap.letter, source: source.id) }
        if !filled.isEmpty { source.hasGaps = try rows.lowestGap(source: source.id) != nil }
        return filled.map(\.letter)
    }

    /// Closes the gaps of letters that need nobody any more.
    package mutating func closeGaps(_ letters: [LetterIdentity], of hie: HIEIdentifier) throws -> IndexedSource {
        var source = try rows.source(hie)
        for letter in letters { try rows.close(letter, source: source.id) }
        source.hasGaps = try rows.lowestGap(source: source.id) != nil
        try sweep(source)
        try rows.save(source)
        return source
    }

    /// Applies letters after all, in their order, and notes the outcome of each under its plan: redeemed again, it has
    /// the same outcome and no effect.
    package mutating func redeem(
        _ redemptions: [Redemption]
    ) throws -> (verdicts: [LetterVerdict], sources: [HIEIdentifier: IndexedSource]) {
        var verdicts: [LetterVerdict] = []
        var sources: [HIEIdentifier: IndexedSource] = [:]
        for redemption in redemptions {
            if let known = try rows.outcome(of: redemption.letter, plan: redemption.plan) {
                verdicts.append(known)
                continue
            }
            let hie = redemption.batch.source
            var source = try sources.removeValue(forKey: hie) ?? rows.source(hie)
            let verdict = try redeem(redemption, in: &source)
            sources[hie] = source
            try rows.note(verdict, of: redemption.letter, plan: redemption.plan)
            verdicts.append(verdict)
        }
        for hie in sources.keys {
            guard var source = sources[hie] else { continue }
            if source.hasGaps { source.hasGaps = try rows.lowestGap(source: source.id) != nil }
            try sweep(source)
            try rows.save(source)
            sources[hie] = source
        }
        return (verdicts, sources)
    }

    /// What `redeem` would say; nothing is written. `nil` for a source of which nothing is known.
    package func foresee(_ redemption: Redemption, in source: IndexedSource?) throws -> LetterVerdict {
        guard let source else { return .failed(Self.unknownEpoch) }
        if let verdict = Self.verdict(redemption.batch, in: source) { return verdict }
        let gap = try rows.gap(of: redemption.letter, source: source.id)
        var verdicts: [LetterVerdict] = []
        for change in redemption.batch.changes { verdicts.append(try decide(change, gap: gap, in: source).verdict) }
        return Self.verdict(of: verdicts)
    }

    private mutating func redeem(_ redemption: Redemption, in source: inout IndexedSource) throws -> LetterVerdict {
        let batch = redemption.batch
        if let verdict = Self.verdict(batch, in: source) { return verdict }
        let gap = try rows.gap(of: redemption.letter, source: source.id)
        var verdicts: [LetterVerdict] = []
        for change in batch.changes {
            let decision = try decide(change, gap: gap, in: source)
            verdicts.append(decision.verdict)
            if case .failed = decision.verdict { return decision.verdict }
            if decision.verdict == .applied { try replace(decision.standing, with: change, in: &source) }
        }
        if gap != nil {
            try rows.close(redemption.letter, source: source.id)
        } else {
            source.progress.apply(after: batch.after, through: batch.through, head: batch.head)
        }
        return Self.verdict(of: verdicts)
    }

    /// What the epochs say; `nil` where they are the same.
    private static func verdict(_ batch: ChangeBatch, in source: IndexedSource) -> LetterVerdict? {
        guard let epoch = source.progress.epoch, batch.epoch <= epoch else { return .failed(unknownEpoch) }
        return batch.epoch < epoch ? .superseded(by: nil) : nil
    }

    private static var unknownEpoch: Rejection {
        Rejection(
            .epochUnknown, "nothing of this epoch of the source is here yet: replay it when the source has been heard")
    }

    private typealias Decision = (verdict: LetterVerdict, standing: StandingEntry?)

    private func decide(_ change: Change, gap: Gap?, in source: IndexedSource) throws -> Decision {
        if let gap, change.seq <= gap.after || gap.through < change.seq {
            let missing =
                gap.through - gap.after == 1 ? "\(gap.through)" : "one above \(gap.after) up to \(gap.through)"
            return (.failed(Rejection(.schema, "change \(change.seq) is not the one that is missing: \(missing)")), nil)
        }
        let standing = try rows.standing(change.key, source: source.id)
        if let standing, standing.seq >= change.seq {
            let isSame = standing.seq == change.seq && standing.hash == change.contentHash
            // Under its gap a letter says what its number stands for, also over what an earlier replay of it said.
            if isSame || standing.seq > change.seq || gap == nil {
                return (isSame ? .duplicate : .superseded(by: standing.seq), standing)
            }
        }
        if source.hasTombstones, let buried = try rows.tombstone(change.key, source: source.id), buried >= change.seq {
            let isSame = buried == change.seq && change.effect == .withdraw
            return (isSame ? .duplicate : .superseded(by: buried), standing)
        }
        let isMissing = gap != nil || !source.progress.applied.contains(change.seq)
        return (isMissing ? .applied : .superseded(by: nil), standing)
    }

    /// Of a message: what the most of its changes that matter came to.
    private static func verdict(of verdicts: [LetterVerdict]) -> LetterVerdict {
        if let failed = verdicts.first(where: { if case .failed = $0 { true } else { false } }) { return failed }
        if verdicts.contains(.applied) { return .applied }
        let overtaken = verdicts.last { if case .superseded = $0 { true } else { false } }
        return overtaken ?? .duplicate
    }
}

extension Change {
    /// `EntryHash` of what it puts; `nil` for a withdrawal.
    fileprivate var contentHash: UInt64? {
        guard case .put(let facts) = effect else { return nil }
        return EntryHash.of(key, seq: seq, facts)
    }
}
