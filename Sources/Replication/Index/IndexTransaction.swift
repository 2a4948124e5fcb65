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
    /// Letters whose gaps were closed: their change came after all, or its source has no use for it any more.
    package var filled: [LetterIdentity] = []
    /// Letters that came with the batches and for which nothing is missing: their number is applied already, or their
    /// epoch is over.
    package var unneeded: [LetterIdentity] = []

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
        var sources: [IndexedSource] = []
        var places: [HIEIdentifier: Int] = [:]
        var due: [Due] = []
        for (number, batch) in batches.enumerated() {
            let place = places[batch.source] ?? sources.count
            if place == sources.count {
                places[batch.source] = place
                sources.append(try rows.source(batch.source))
            }
            try take(batch, number, &sources[place], place, &due, &applied)
        }
        try write(due, of: batches, &sources, &applied)
        for place in sources.indices {
            try sweep(&sources[place])
            try rows.save(sources[place])
            applied.sources[sources[place].hie] = sources[place]
        }
        return applied
    }

    /// Takes note of a batch's range and gaps, and of its changes that are to be written. A source whose epoch is new
    /// is emptied.
    private mutating func take(
        _ batch: ChangeBatch, _ number: Int, _ source: inout IndexedSource, _ place: Int, _ due: inout [Due],
        _ applied: inout AppliedChanges
    ) throws {
        let verdict = source.progress.verdict(epoch: batch.epoch, after: batch.after, through: batch.through)
        switch verdict {
        case .stale:
            applied.stale += 1
            applied.unneeded += batch.gaps.map(\.letter)
            return
        case .replace:
            if source.progress.epoch != nil {
                applied.replaced.append(batch.source)
                due.removeAll { $0.place == place }
                try rows.clear(source: source.id)
            }
            source.begin(batch.epoch)
        case .apply, .duplicate: break
        }
        let open = try gaps(of: source, in: batch)
        if open.isEmpty, verdict == .duplicate {
            applied.superseded += batch.changes.count
        } else {
            // A number in a gap counts as applied and is not.
            let gaps = GapLookup(open)
            for (position, change) in batch.changes.enumerated() {
                if !source.progress.applied.contains(change.seq) || (!open.isEmpty && gaps.misses(change.seq)) {
                    due.append(
                        Due(
                            patient: change.key.patient.value, seq: change.seq, place: Int32(place),
                            batch: Int32(number),
                            change: Int32(position)))
                } else if verdict == .duplicate {
                    applied.superseded += 1
                }
            }
        }
        if !batch.gaps.isEmpty { applied.unneeded += try openGaps(of: batch, in: &source) }
        source.progress.apply(after: batch.after, through: batch.through, head: batch.head)
        if !open.isEmpty { applied.filled += try fill(open, from: batch, of: source) }
    }

    private mutating func write(
        _ due: [Due], of batches: [ChangeBatch], _ sources: inout [IndexedSource], _ applied: inout AppliedChanges
    ) throws {
        var written = Array(repeating: 0, count: sources.count)
        for item in due.sorted() {
            let place = Int(item.place)
            if try write(batches[Int(item.batch)].changes[Int(item.change)], to: &sources[place]) {
                written[place] += 1
            } else {
                applied.superseded += 1
            }
        }
        for (place, count) in written.enumerated() where count > 0 {
            applied.appliedBySource[sources[place].hie] = count
        }
    }

    /// Unless a later version of the same entry stands, or was withdrawn. Returns whether it wrote.
    private mutating func write(_ change: Change, to source: inout IndexedSource) throws -> Bool {
        let key = change.key
        let buried = source.hasTombstones ? try rows.tombstone(key, source: source.id) : nil
        if let buried, buried >= change.seq { return false }
        switch change.effect {
        case .put(let facts):
            let hash = EntryHash.of(key, seq: change.seq, facts)
            let version = StandingEntry(seq: change.seq, hash: hash)
            switch try rows.advance(key, source: source.id, to: version, facts) {
            case .superseded: return false
            case .replaced(let earlier): source.digest.toggle(key.patient, hash: earlier)
            case .inserted: break
            }
            source.digest.toggle(key.patient, hash: hash)
            if buried != nil { try rows.raise(key, source: source.id) }
        case .withdraw:
            let standing = try rows.standing(key, source: source.id)
            if let standing, standing.seq >= change.seq { return false }
            try enter(change, over: standing, buried: buried, in: &source)
        }
        return true
    }

    /// Writes a change in place of what stands or was buried. All changes below those that are settled are written by
    /// then.
    mutating func enter(
        _ change: Change, over standing: StandingEntry?, buried: Int64?, in source: inout IndexedSource
    ) throws {
        let key = change.key
        if let standing { source.digest.toggle(key.patient, hash: standing.hash) }
        switch change.effect {
        case .put(let facts):
            let hash = EntryHash.of(key, seq: change.seq, facts)
            try rows.put(key, source: source.id, StandingEntry(seq: change.seq, hash: hash), facts)
            source.digest.toggle(key.patient, hash: hash)
            if buried != nil { try rows.raise(key, source: source.id) }
        case .withdraw:
            if standing != nil { try rows.remove(key, source: source.id) }
            guard change.seq > (try settled(source)) else { return }
            try rows.bury(key, source: source.id, seq: change.seq)
            source.hasTombstones = true
        }
    }
}

extension IndexedSource {
    fileprivate mutating func begin(_ epoch: Epoch) {
        progress.replace(with: epoch)
        digest = BucketDigest()
        hasTombstones = false
        tombstoneFloor = nil
        hasGaps = false
    }
}

/// A change to be written: where it is among the batches, and what it is ordered by. Small, as many are sorted,
/// and outside the generic type, where sorting is not compiled for it.
private struct Due: Comparable {
    /// The value of the NHS number.
    let patient: Int64
    let seq: Int64
    /// Of its source among those of the transaction.
    let place: Int32
    let batch: Int32
    let change: Int32

    /// In order of the key, so that neighbouring rows are written while their page is at hand.
    static func < (left: Due, right: Due) -> Bool {
        if left.patient != right.patient { return left.patient < right.patient }
        if left.place != right.place { return left.place < right.place }
        return left.seq < right.seq
    }
}
