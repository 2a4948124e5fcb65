import CareRecord

/// Taking a batch apart, to find the change in it that an index does not take.
extension ChangeBatch {
    /// Two batches that are this one together, to be applied in their order; `nil` where all changes have one number.
    package var halves: (lower: ChangeBatch, upper: ChangeBatch)? {
        let numbers = Set(changes.map(\.seq)).sorted()
        guard numbers.count > 1, let first = numbers.first, let last = numbers.last, first > after, last <= through
        else { return nil }
        let middle = numbers[numbers.count / 2 - 1]
        // A gap may be as wide as the range: it is to be known before the first of its numbers counts as applied.
        let lower = ChangeBatch(
            source: source, epoch: epoch, after: after, through: middle, head: head,
            changes: changes.filter { $0.seq <= middle }, gaps: gaps)
        let upper = ChangeBatch(
            source: source, epoch: epoch, after: middle, through: through, head: head,
            changes: changes.filter { $0.seq > middle })
        return (lower, upper)
    }

    /// The same range without its changes, which were parked.
    package func emptied(leaving gaps: [Gap]) -> ChangeBatch {
        ChangeBatch(
            source: source, epoch: epoch, after: after, through: through, head: head, changes: [],
            gaps: self.gaps + gaps)
    }
}

extension AppliedChanges {
    /// What a later transaction did comes to this.
    package mutating func add(_ later: AppliedChanges) {
        sources.merge(later.sources) { $1 }
        appliedBySource.merge(later.appliedBySource, uniquingKeysWith: +)
        superseded += later.superseded
        stale += later.stale
        replaced += later.replaced
    }
}
