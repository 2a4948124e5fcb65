package import CareRecord

/// Gaps: numbers that count as applied while their change is parked. The index lets that change be written later, and
/// until then remembers every withdrawal above the lowest of them, so that it never brings back what is gone.
extension IndexTransaction {
    /// The source's gaps that a batch may say something about.
    func gaps(of source: IndexedSource, in batch: ChangeBatch) throws -> [OpenGap] {
        guard source.hasGaps else { return [] }
        return try rows.gaps(source: source.id, after: batch.after, through: batch.through)
    }

    /// Takes note of a batch in the gaps that it overlaps. A gap is closed when its number came after all, and when the
    /// batch holds everything that the journal still has of the gap's range: then what it left out was superseded, by
    /// something that is applied too. Returns the letters of those closed.
    mutating func fill(
        _ open: [OpenGap], from batch: ChangeBatch, of source: IndexedSource
    ) throws -> [LetterIdentity] {
        let unread = GapLookup(batch.gaps.map { OpenGap($0, above: 0) })
        let numbers = Set(batch.changes.map(\.seq))
        let runs = batch.runs
        var closed: [LetterIdentity] = []
        let isReached = source.progress.applied.watermark >= batch.head
        for gap in open {
            let isCovered = isReached && batch.after <= gap.after && gap.through <= batch.through
            var filled = gap
            if gap.isExact {
                if numbers.contains(gap.through) { filled.fill(gap.through) }
            } else {
                filled.fill(runs)
            }
            if filled.isFull && !gap.isFull || isCovered && !unread.reaches(after: gap.after, through: gap.through) {
                try rows.close(gap.letter, source: source.id)
                closed.append(gap.letter)
            } else if filled != gap {
                try rows.keep(filled, source: source.id)
            }
        }
        return closed
    }

    /// Opens the gaps that a batch brings, as far as their numbers are not applied: one that was closed stays closed.
    /// Returns the letters that are not needed, as nothing is missing for them.
    mutating func openGaps(of batch: ChangeBatch, in source: inout IndexedSource) throws -> [LetterIdentity] {
        let applied = source.progress.applied
        let numbers = Set(batch.changes.map(\.seq))
        let runs = batch.gaps.contains { $0.through - $0.after > 1 } ? batch.runs : []
        var unneeded: [LetterIdentity] = []
        for gap in batch.gaps where gap.after < gap.through {
            let isThere = gap.through - gap.after == 1 && numbers.contains(gap.through)
            if applied.contains(after: gap.after, through: gap.through) || isThere {
                if try !isOpen(gap.letter, source) { unneeded.append(gap.letter) }
                continue
            }
            // The same bytes may have come before under another number: a letter has one gap.
            if try isOpen(gap.letter, source) { continue }
            var open = OpenGap(gap, above: applied.watermark)
            if !open.isExact { open.fill(runs + applied.islands) }
            guard !open.isFull else {
                unneeded.append(gap.letter)
                continue
            }
            try rows.keep(open, source: source.id)
            source.hasGaps = true
        }
        return unneeded
    }

    private func isOpen(_ letter: LetterIdentity, _ source: IndexedSource) throws -> Bool {
        guard source.hasGaps else { return false }
        return try rows.gap(of: letter, source: source.id) != nil
    }

    /// This number has a row now, whichever letter brought it: no other letter's gap misses it.
    mutating func fillGaps(at seq: Int64, of source: IndexedSource) throws {
        guard source.hasGaps else { return }
        for var gap in try rows.gaps(source: source.id, after: seq - 1, through: seq) where gap.misses(seq) {
            gap.fill(seq)
            try rows.keep(gap, source: source.id)
        }
    }

    /// Closes the gaps of letters that will not be applied any more, and forgets what was kept for their sake.
    package mutating func closeGaps(_ letters: [LetterIdentity], of hie: HIEIdentifier) throws -> IndexedSource {
        var source = try rows.source(hie)
        if source.hasGaps {
            for letter in letters { try rows.close(letter, source: source.id) }
            try sweep(&source)
            try rows.save(source)
        }
        return source
    }

    /// No change up to this number will be written any more: its tombstones are not needed.
    func settled(_ source: IndexedSource) throws -> Int64 {
        let watermark = source.progress.applied.watermark
        let settled = min(watermark, source.tombstoneFloor ?? watermark)
        guard source.hasGaps, let lowest = try rows.lowestGap(source: source.id) else { return settled }
        return min(settled, lowest)
    }

    /// Forgets the tombstones that are not needed.
    mutating func sweep(_ source: inout IndexedSource) throws {
        if source.hasGaps { source.hasGaps = try rows.lowestGap(source: source.id) != nil }
        guard source.hasTombstones else { return }
        try rows.sweep(source: source.id, through: try settled(source))
    }
}

extension ChangeBatch {
    /// The numbers of its changes, in runs. Of more runs than a gap keeps, the outer ones, which matter most.
    fileprivate var runs: [AppliedRanges.Island] {
        var runs: [AppliedRanges.Island] = []
        for seq in changes.map(\.seq).sorted() {
            if let last = runs.last, last.through >= seq - 1 {
                runs[runs.count - 1] = AppliedRanges.Island(after: last.after, through: max(last.through, seq))
            } else {
                runs.append(AppliedRanges.Island(after: seq - 1, through: seq))
            }
        }
        let half = OpenGap.islandsMax / 2
        return runs.count > OpenGap.islandsMax ? Array(runs.prefix(half) + runs.suffix(half)) : runs
    }
}
