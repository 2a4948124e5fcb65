package import CareRecord

/// A stretch of a source's journal that holds the live entries of some buckets, all of them.
package struct BucketPage: Sendable, Hashable {
    package let source: HIEIdentifier
    package let epoch: Epoch
    /// Where the journal ended when the page was read.
    package let head: Int64
    package let buckets: BucketSet
    package let after: Int64
    package let through: Int64
    /// Only puts.
    package let changes: [Change]
    /// The lines of the page that could not be read.
    package let gaps: [Gap]

    package init(
        source: HIEIdentifier, epoch: Epoch, head: Int64, buckets: BucketSet, after: Int64, through: Int64,
        changes: [Change], gaps: [Gap] = []
    ) {
        self.source = source
        self.epoch = epoch
        self.head = head
        self.buckets = buckets
        self.after = after
        self.through = through
        self.changes = changes
        self.gaps = gaps
    }

    /// Nothing of the journal comes after it.
    package var isLast: Bool { through >= head }
}

/// Mending: making some buckets of a source what the source says they are.
///
/// Before the source is asked, `keepTombstones` is called; from then on every withdrawal above the watermark is
/// remembered, so that an entry of a page that was withdrawn while the page was on its way is not brought back.
extension IndexTransaction {
    package mutating func keepTombstones(of hie: HIEIdentifier) throws -> IndexedSource {
        var source = try rows.source(hie)
        source.tombstoneFloor = source.progress.applied.watermark
        try rows.save(source)
        return source
    }

    package mutating func forgetTombstones(of hie: HIEIdentifier) throws -> IndexedSource {
        var source = try rows.source(hie)
        source.tombstoneFloor = nil
        try sweep(&source)
        try rows.save(source)
        return source
    }

    /// Replaces what the index holds of the page's stretch and buckets. Returns the source, and how many rows were
    /// wrong. A page of another epoch, or one that was not asked for, changes nothing.
    package mutating func replace(_ page: BucketPage) throws -> (source: IndexedSource, mended: Int) {
        var source = try rows.source(page.source)
        guard source.progress.epoch == page.epoch, let floor = source.tombstoneFloor, floor <= page.head else {
            return (source, 0)
        }
        let wanted = Dictionary(page.changes.map { ($0.key, $0) }, uniquingKeysWith: { $0.seq > $1.seq ? $0 : $1 })
        var sound: Set<EntryKey> = []
        var wrong: Set<EntryKey> = []
        let unread = GapLookup(page.gaps.map { OpenGap($0, above: 0) })
        try rows.scan(source: source.id, page.buckets) { found in
            guard page.covers(found.standing.seq, applied: source.progress.applied) else { return }
            if let change = wanted[found.key], change.seq == found.standing.seq {
                if found.contentHash == change.hash, found.standing.hash == change.hash { sound.insert(found.key) }
            } else if !unread.misses(found.standing.seq) {
                // What the page cannot tell is left as it is.
                wrong.insert(found.key)
            }
        }
        for key in wrong { try rows.remove(key, source: source.id) }
        if source.hasGaps, !wrong.isEmpty { try bury(wrong, asOf: page, in: &source) }
        for change in wanted.values {
            let isSound = sound.contains(change.key)
            if !isSound, try rewrite(change, of: source, asAt: page.head) { wrong.insert(change.key) }
            if isSound || wrong.contains(change.key) { try fillGaps(at: change.seq, of: source) }
        }
        source.digest = try digest(of: source, page.buckets)
        try rows.save(source)
        return (source, wrong.count)
    }

    /// The source had no such entries up to the end of the page: a letter that waits must not bring one back.
    private mutating func bury(
        _ keys: Set<EntryKey>, asOf page: BucketPage, in source: inout IndexedSource
    ) throws {
        for key in keys where try rows.tombstone(key, source: source.id) ?? 0 < page.through {
            try rows.bury(key, source: source.id, seq: page.through)
        }
        source.hasTombstones = true
    }

    /// Writes an entry as its source had it when the journal ended at `head`: over whatever stands, except what came
    /// after that. The journal has one number for an entry, so that any other one up to `head` is wrong.
    private mutating func rewrite(_ change: Change, of source: IndexedSource, asAt head: Int64) throws -> Bool {
        guard case .put(let facts) = change.effect, let hash = change.hash else { return false }
        if let standing = try rows.standing(change.key, source: source.id), standing.seq > head,
            source.progress.applied.contains(standing.seq)
        {
            return false
        }
        if let buried = try rows.tombstone(change.key, source: source.id), buried >= change.seq { return false }
        try rows.put(change.key, source: source.id, StandingEntry(seq: change.seq, hash: hash), facts)
        return true
    }

    /// The source's digest, its buckets counted anew from the rows.
    private func digest(of source: IndexedSource, _ buckets: BucketSet) throws -> BucketDigest {
        var digest = source.digest
        for bucket in buckets.numbers { digest[bucket] = 0 }
        try rows.scan(source: source.id, buckets) { digest.toggle($0.key.patient, hash: $0.standing.hash) }
        return digest
    }
}

extension BucketPage {
    /// Whether a row with this number should be in the page if it should be at all. After the last page come only
    /// numbers that were applied since.
    fileprivate func covers(_ seq: Int64, applied: AppliedRanges) -> Bool {
        if seq <= after { return false }
        if seq <= through { return true }
        return isLast && !applied.contains(seq)
    }
}

extension Change {
    /// `nil` for a withdrawal.
    fileprivate var hash: UInt64? {
        guard case .put(let facts) = effect else { return nil }
        return EntryHash.of(key, seq: seq, facts)
    }
}
