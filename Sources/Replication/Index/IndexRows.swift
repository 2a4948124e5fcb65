package import CareRecord

/// One source as an index keeps it: how far its journal is applied, and the digest of its rows.
package struct IndexedSource: Sendable, Equatable {
    /// The row's number in its file.
    package let id: Int64
    package let hie: HIEIdentifier
    package var progress: SourceProgress
    package var digest: BucketDigest
    package var hasTombstones: Bool
    /// While buckets are being mended, tombstones above this number are kept whatever the watermark.
    package var tombstoneFloor: Int64?
    /// Some of what counts as applied is missing, as its change is parked.
    package var hasGaps: Bool

    package init(
        id: Int64, hie: HIEIdentifier, progress: SourceProgress = SourceProgress(),
        digest: BucketDigest = BucketDigest(), hasTombstones: Bool = false, tombstoneFloor: Int64? = nil,
        hasGaps: Bool = false
    ) {
        self.id = id
        self.hie = hie
        self.progress = progress
        self.digest = digest
        self.hasTombstones = hasTombstones
        self.tombstoneFloor = tombstoneFloor
        self.hasGaps = hasGaps
    }
}

/// An entry's version in an index.
package struct StandingEntry: Sendable, Hashable {
    package let seq: Int64
    /// `EntryHash` of what was written.
    package let hash: UInt64

    package init(seq: Int64, hash: UInt64) {
        self.seq = seq
        self.hash = hash
    }
}

/// An entry as it was found in the rows.
package struct FoundEntry: Sendable, Hashable {
    package let key: EntryKey
    package let standing: StandingEntry
    /// `EntryHash` of the facts that are there now.
    package let contentHash: UInt64

    package init(key: EntryKey, standing: StandingEntry, contentHash: UInt64) {
        self.key = key
        self.standing = standing
        self.contentHash = contentHash
    }
}

/// What became of an entry that was to be put unless a later version stands.
package enum Advance: Sendable, Hashable {
    /// Nothing stood.
    case inserted
    /// An earlier version stood, with this hash.
    case replaced(hash: UInt64)
    /// This version or a later one stands.
    case superseded
}

/// Where an index's rows are kept within one transaction: SQLite, or a simulated disk. `source` is `IndexedSource.id`.
package protocol IndexRows {
    /// The source's row, made where it is missing.
    mutating func source(_ hie: HIEIdentifier) throws -> IndexedSource
    /// The source's row, where there is one.
    func known(_ hie: HIEIdentifier) throws -> IndexedSource?
    mutating func save(_ source: IndexedSource) throws
    /// Removes every entry, tombstone and gap of the source.
    mutating func clear(source: Int64) throws

    func standing(_ key: EntryKey, source: Int64) throws -> StandingEntry?
    mutating func put(_ key: EntryKey, source: Int64, _ standing: StandingEntry, _ facts: Facts) throws
    /// `put`, unless this version or a later one stands.
    mutating func advance(
        _ key: EntryKey, source: Int64, to version: StandingEntry, _ facts: Facts
    ) throws -> Advance
    mutating func remove(_ key: EntryKey, source: Int64) throws
    /// Every entry of the source whose patient is in one of the buckets, in any order.
    func scan(source: Int64, _ buckets: BucketSet, _ body: (FoundEntry) throws -> Void) throws

    /// The number under which the entry was withdrawn, where that is remembered.
    func tombstone(_ key: EntryKey, source: Int64) throws -> Int64?
    mutating func bury(_ key: EntryKey, source: Int64, seq: Int64) throws
    mutating func raise(_ key: EntryKey, source: Int64) throws
    /// Forgets the tombstones up to `seq`.
    mutating func sweep(source: Int64, through seq: Int64) throws

    /// Keeps the gap of a letter, in place of what was kept of it before.
    mutating func keep(_ gap: OpenGap, source: Int64) throws
    mutating func close(_ letter: LetterIdentity, source: Int64) throws
    func gap(of letter: LetterIdentity, source: Int64) throws -> OpenGap?
    /// Those that reach into (`after`, `through`].
    func gaps(source: Int64, after: Int64, through: Int64) throws -> [OpenGap]
    /// The lowest `after` of the source's gaps.
    func lowestGap(source: Int64) throws -> Int64?

    /// What the replay of this letter in this plan came to, where it is noted.
    func verdict(on redemption: Redemption) throws -> LetterVerdict?
    /// Of `failed` nothing is noted.
    mutating func note(_ verdict: LetterVerdict, on redemption: Redemption) throws
}

extension IndexRows {
    package mutating func advance(
        _ key: EntryKey, source: Int64, to version: StandingEntry, _ facts: Facts
    ) throws -> Advance {
        let standing = try standing(key, source: source)
        if let standing, standing.seq >= version.seq { return .superseded }
        try put(key, source: source, version, facts)
        return standing.map { .replaced(hash: $0.hash) } ?? .inserted
    }
}
