/// A gap as the index keeps it: numbers of which one is missing, less those of which it is known that they are there.
///
/// Mostly a line's own number. Where that could not be read it is one of its message's range; the other lines of the
/// message, and what comes later, say which numbers it is not.
package struct OpenGap: Sendable, Hashable {
    /// Stretches within a gap of which it is kept that they are there: the others may be missing.
    package static let islandsMax = 64

    package let letter: LetterIdentity
    /// The line's own number was read: it is `through`.
    package let isExact: Bool
    /// Everything up to its watermark, and its islands: none of these is the missing number.
    package private(set) var present: AppliedRanges
    /// Inclusive.
    package private(set) var through: Int64

    package init(_ letter: LetterIdentity, isExact: Bool, present: AppliedRanges, through: Int64) {
        self.letter = letter
        self.isExact = isExact
        self.present = present
        self.through = through
        trim()
    }

    /// A gap that is opened while everything up to `watermark` is applied: no number below is missing, and what stood
    /// there later may be forgotten.
    package init(_ gap: Gap, above watermark: Int64) {
        self.init(
            gap.letter, isExact: gap.through - gap.after == 1,
            present: AppliedRanges(watermark: max(gap.after, watermark), islands: []), through: gap.through)
    }

    /// Exclusive.
    package var after: Int64 { present.watermark }

    /// Every number is there: only the letter is left.
    package var isFull: Bool { after >= through }

    package func misses(_ seq: Int64) -> Bool { seq <= through && !present.contains(seq) }

    /// This number is there. One that finds no room is not recorded.
    package mutating func fill(_ seq: Int64) {
        guard misses(seq) else { return }
        fill([AppliedRanges.Island(after: seq - 1, through: seq)])
    }

    /// These numbers are there, as far as there is room to record them.
    package mutating func fill(_ runs: [AppliedRanges.Island]) {
        for run in runs where run.after < through && after < run.through {
            var filled = present
            filled.insert(after: run.after, through: min(run.through, through))
            if filled.islands.count <= Self.islandsMax { present = filled }
        }
        trim()
    }

    /// What is there at the upper end is no part of the gap.
    private mutating func trim() {
        var islands = present.islands
        while let last = islands.last, last.through >= through {
            through = min(through, last.after)
            islands.removeLast()
        }
        if islands.count < present.islands.count {
            present = AppliedRanges(watermark: present.watermark, islands: islands)
        }
        through = max(through, after)
    }
}

/// Some gaps, to be asked often whether they miss a number.
struct GapLookup {
    /// Gaps that share numbers with each other.
    private struct Stretch {
        let after: Int64
        var through: Int64
        /// Each shape once.
        var gaps: [OpenGap]
    }

    /// In order, and apart from each other.
    private var stretches: [Stretch] = []

    init(_ gaps: some Sequence<OpenGap>) {
        for gap in gaps.sorted(by: { ($0.after, $0.through) < ($1.after, $1.through) }) where !gap.isFull {
            guard let last = stretches.indices.last, gap.after < stretches[last].through else {
                stretches.append(Stretch(after: gap.after, through: gap.through, gaps: [gap]))
                continue
            }
            stretches[last].through = max(stretches[last].through, gap.through)
            let isKnown = stretches[last].gaps.last.map { $0.present == gap.present && $0.through == gap.through }
            if isKnown != true { stretches[last].gaps.append(gap) }
        }
    }

    func misses(_ seq: Int64) -> Bool {
        guard let stretch = first(endingAtOrAbove: seq), stretch.after < seq else { return false }
        return stretch.gaps.contains { $0.misses(seq) }
    }

    /// Whether some gap reaches into (`after`, `through`].
    func reaches(after: Int64, through: Int64) -> Bool {
        guard after < through, let stretch = first(endingAtOrAbove: after + 1) else { return false }
        return stretch.after < through
    }

    private func first(endingAtOrAbove seq: Int64) -> Stretch? {
        var (low, high) = (stretches.startIndex, stretches.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if stretches[middle].through < seq { low = middle + 1 } else { high = middle }
        }
        return low < stretches.endIndex ? stretches[low] : nil
    }
}
