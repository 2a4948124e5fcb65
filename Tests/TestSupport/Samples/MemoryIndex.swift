package import CareRecord
package import Replication

/// An index's rows in memory, to compare with those of SQLite. Entries may be damaged from outside.
package struct MemoryIndex: IndexRows {
    package struct Row: Sendable, Hashable {
        package var seq: Int64
        package var hash: UInt64
        package var facts: Facts

        package init(seq: Int64, hash: UInt64, facts: Facts) {
            self.seq = seq
            self.hash = hash
            self.facts = facts
        }
    }

    package var entries: [Int64: [EntryKey: Row]] = [:]
    package private(set) var tombstones: [Int64: [EntryKey: Int64]] = [:]
    package private(set) var gaps: [Int64: [LetterIdentity: OpenGap]] = [:]
    private var sources: [HIEIdentifier: IndexedSource] = [:]
    private var verdicts: [Int64: [LetterIdentity: LetterVerdict]] = [:]

    package init() {}

    package mutating func source(_ hie: HIEIdentifier) -> IndexedSource {
        var source = sources[hie] ?? IndexedSource(id: Int64(sources.count + 1), hie: hie)
        source.hasTombstones = !tombstones[source.id, default: [:]].isEmpty
        source.hasGaps = !gaps[source.id, default: [:]].isEmpty
        sources[hie] = source
        return source
    }

    package func known(_ hie: HIEIdentifier) -> IndexedSource? {
        guard sources[hie] != nil else { return nil }
        var copy = self
        return copy.source(hie)
    }

    package mutating func save(_ source: IndexedSource) { sources[source.hie] = source }

    package mutating func clear(source: Int64) {
        entries[source] = nil
        tombstones[source] = nil
        gaps[source] = nil
    }

    package func standing(_ key: EntryKey, source: Int64) -> StandingEntry? {
        entries[source]?[key].map { StandingEntry(seq: $0.seq, hash: $0.hash) }
    }

    package mutating func put(_ key: EntryKey, source: Int64, _ standing: StandingEntry, _ facts: Facts) {
        entries[source, default: [:]][key] = Row(seq: standing.seq, hash: standing.hash, facts: facts)
    }

    package mutating func remove(_ key: EntryKey, source: Int64) { entries[source]?[key] = nil }

    package func scan(source: Int64, _ buckets: BucketSet, _ body: (FoundEntry) throws -> Void) rethrows {
        for (key, row) in entries[source, default: [:]] where buckets.contains(key.patient) {
            try body(
                FoundEntry(
                    key: key, standing: StandingEntry(seq: row.seq, hash: row.hash),
                    contentHash: EntryHash.of(key, seq: row.seq, row.facts)))
        }
    }

    package func tombstone(_ key: EntryKey, source: Int64) -> Int64? { tombstones[source]?[key] }

    package mutating func bury(_ key: EntryKey, source: Int64, seq: Int64) {
        tombstones[source, default: [:]][key] = seq
    }

    package mutating func raise(_ key: EntryKey, source: Int64) { tombstones[source]?[key] = nil }

    package mutating func sweep(source: Int64, through seq: Int64) {
        tombstones[source] = tombstones[source]?.filter { $0.value > seq }
    }

    package mutating func keep(_ gap: OpenGap, source: Int64) { gaps[source, default: [:]][gap.letter] = gap }

    package mutating func close(_ letter: LetterIdentity, source: Int64) { gaps[source]?[letter] = nil }

    package func gap(of letter: LetterIdentity, source: Int64) -> OpenGap? { gaps[source]?[letter] }

    package func gaps(source: Int64, after: Int64, through: Int64) -> [OpenGap] {
        gaps[source, default: [:]].values.filter { $0.after < through && after < $0.through }
    }

    package func lowestGap(source: Int64) -> Int64? { gaps[source, default: [:]].values.map(\.after).min() }

    package func verdict(on redemption: Redemption) -> LetterVerdict? {
        verdicts[redemption.plan]?[redemption.letter]
    }

    package mutating func note(_ verdict: LetterVerdict, on redemption: Redemption) {
        if case .failed = verdict { return }
        verdicts[redemption.plan, default: [:]][redemption.letter] = verdict
    }

    /// What the rows say the digest of the source is.
    package func digest(source: Int64) -> BucketDigest {
        var digest = BucketDigest()
        for (key, row) in entries[source, default: [:]] {
            digest.toggle(key.patient, hash: EntryHash.of(key, seq: row.seq, row.facts))
        }
        return digest
    }
}
