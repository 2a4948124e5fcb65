package import CareRecord

/// What one transaction on an index did.
package struct AppliedChanges: Sendable, Equatable {
    /// How far each source that was touched is now.
    package var sources: [HIEIdentifier: IndexedSource] = [:]
    /// Changes that changed something.
    package var appliedBySource: [HIEIdentifier: Int] = [:]
    /// Changes that were there already, in this version or a later one.
    package var superseded = 0
    /// Batches of an epoch that is over.
    package var stale = 0
    /// Sources of which everything was replaced because their journal began a new epoch.
    package var replaced: [HIEIdentifier] = []
    /// Letters whose change has come after all, from the source.
    package var filled: [LetterIdentity] = []

    package init() {}
}

/// What a batch of changes does to an index. Rows, ranges and digest are to change in one transaction of `Rows`.
///
/// Batches come in any order and as often as they like: a row is written where the incoming number is the higher one of
/// the source's present epoch (promise P2).
package struct IndexTransaction<Rows: IndexRows> {
    package internal(set) var rows: Rows

    package init(_ rows: Rows) { self.rows = rows }

    package mutating func apply(_ batches: [ChangeBatch]) throws -> AppliedChanges {
        var applied = AppliedChanges()
        var sources: [HIEIdentifier: IndexedSource] = [:]
        for batch in batches where sources[batch.source] == nil {
            sources[batch.source] = try rows.source(batch.source)
        }
        let due = try due(batches, &sources, &applied)
        try write(due, &sources, &applied)
        for batch in batches where batch.epoch == sources[batch.source]?.progress.epoch {
            try leaveGaps(batch, &sources)
            sources[batch.source]?.progress.apply(after: batch.after, through: batch.through, head: batch.head)
        }
        for source in sources.values {
            try sweep(source)
            try rows.save(source)
        }
        applied.sources = sources
        return applied
    }

    private typealias Due = (source: HIEIdentifier, change: Change)

    /// The changes to be written; a source whose epoch is new is emptied on the way.
    private mutating func due(
        _ batches: [ChangeBatch], _ sources: inout [HIEIdentifier: IndexedSource], _ applied: inout AppliedChanges
    ) throws -> [Due] {
        var due: [Due] = []
        for batch in batches {
            guard var source = sources[batch.source] else { continue }
            switch source.progress.verdict(epoch: batch.epoch, after: batch.after, through: batch.through) {
            case .stale:
                applied.stale += 1
                continue
            case .duplicate:
                if source.hasGaps { break }
                applied.superseded += batch.changes.count
                continue
            case .replace:
                if source.progress.epoch != nil {
                    applied.replaced.append(batch.source)
                    due.removeAll { $0.source == batch.source }
                    try rows.clear(source: source.id)
                }
                source.begin(batch.epoch)
                sources[batch.source] = source
            case .apply:
                break
            }
            for change in batch.changes {
                if try !source.progress.applied.contains(change.seq) || isMissing(change, of: source) {
                    due.append((batch.source, change))
                } else if source.progress.applied.contains(after: batch.after, through: batch.through) {
                    applied.superseded += 1
                }
            }
        }
        return due
    }

    /// In order of the key, so that neighbouring rows are written while their page is at hand.
    private mutating func write(
        _ due: [Due], _ sources: inout [HIEIdentifier: IndexedSource], _ applied: inout AppliedChanges
    ) throws {
        let ordered = due.sorted { ($0.change.key.patient, $0.change.seq) < ($1.change.key.patient, $1.change.seq) }
        for (hie, change) in ordered {
            guard var source = sources.removeValue(forKey: hie) else { continue }
            if try write(change, to: &source) {
                applied.appliedBySource[hie, default: 0] += 1
            } else {
                applied.superseded += 1
            }
            if source.hasGaps { applied.filled += try fillGaps(with: change, of: &source) }
            sources[hie] = source
        }
    }

    /// Unless a later version of the same entry stands, or was withdrawn. Returns whether it wrote.
    private mutating func write(_ change: Change, to source: inout IndexedSource) throws -> Bool {
        let standing = try rows.standing(change.key, source: source.id)
        if let standing, standing.seq >= change.seq { return false }
        if source.hasTombstones, let buried = try rows.tombstone(change.key, source: source.id), buried >= change.seq {
            return false
        }
        try replace(standing, with: change, in: &source)
        return true
    }

    /// Writes the change over what stands.
    mutating func replace(_ standing: StandingEntry?, with change: Change, in source: inout IndexedSource) throws {
        let key = change.key
        if let standing { source.digest.toggle(key.patient, hash: standing.hash) }
        switch change.effect {
        case .put(let facts):
            let hash = EntryHash.of(key, seq: change.seq, facts)
            try rows.put(key, source: source.id, StandingEntry(seq: change.seq, hash: hash), facts)
            source.digest.toggle(key.patient, hash: hash)
            if source.hasTombstones { try rows.raise(key, source: source.id) }
        case .withdraw:
            if standing != nil { try rows.remove(key, source: source.id) }
            try rows.bury(key, source: source.id, seq: change.seq)
            source.hasTombstones = true
        }
    }

    /// Forgets the tombstones that nothing can come below any more: neither a change above the watermark nor one that
    /// was parked.
    mutating func sweep(_ source: IndexedSource) throws {
        guard source.hasTombstones else { return }
        var through = source.progress.applied.watermark
        if let floor = source.tombstoneFloor { through = min(through, floor) }
        if source.hasGaps, let lowest = try rows.lowestGap(source: source.id) { through = min(through, lowest) }
        try rows.sweep(source: source.id, through: through)
    }
}

extension IndexedSource {
    fileprivate mutating func begin(_ epoch: Epoch) {
        progress.replace(with: epoch)
        digest = BucketDigest()
        hasTombstones = false
        hasGaps = false
        tombstoneFloor = nil
    }
}
