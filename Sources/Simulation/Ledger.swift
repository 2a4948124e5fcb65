import CareRecord
import Replication

/// What really happened, which no worker knows: what every source has committed under every number, and what was told
/// to whom. The promises are checked against it.
struct Ledger {
    struct Committed {
        let key: EntryKey
        /// `nil` for a withdrawal.
        let hash: UInt64?
    }

    /// One epoch of one source.
    struct Numbering {
        private(set) var committed: [Int64: Committed] = [:]
        /// The numbers of every entry, in order.
        private(set) var numbers: [EntryKey: [Int64]] = [:]
        /// Numbers were given out twice before anybody noticed: only the end is checked.
        var isTainted = false

        mutating func add(_ row: JournalRow) throws {
            committed[row.seq] = Committed(key: row.key, hash: try row.hash)
            numbers[row.key, default: []].append(row.seq)
        }
    }

    private(set) var epochs: [[Epoch: Numbering]]
    /// The records were put back to an earlier time, and no new epoch began yet.
    private var isRestored: [Bool]
    /// Pulses as they were received: by subscriber and source, then by the subscriber's clock.
    private var received: [Pair: [Timestamp: (epoch: Epoch, head: Int64)]] = [:]
    /// Rows were changed behind the index's back and are not mended yet.
    private var tampered: Set<Pair> = []
    /// Rows were changed once: they may come back with an older state of the disk.
    private var everTampered: Set<Pair> = []

    struct Pair: Hashable {
        let subscriber: Int
        let source: Int
    }

    init(hies: Int) {
        epochs = Array(repeating: [:], count: hies)
        isRestored = Array(repeating: false, count: hies)
    }

    /// A source's journal begins, or goes on, in an epoch of this name.
    mutating func begin(_ epoch: Epoch, of source: Int, _ journal: MemoryJournal) throws {
        var numbering = Numbering()
        for row in journal.rows { try numbering.add(row) }
        epochs[source][epoch] = numbering
        isRestored[source] = false
    }

    /// The journal has grown from `before`.
    mutating func commit(_ source: Int, _ records: MemoryRecords, before: Int64) throws {
        let epoch = records.state.epoch
        if isRestored[source], records.state.head > before { epochs[source][epoch]?.isTainted = true }
        for row in records.journal.rows where row.seq > before { try epochs[source][epoch]?.add(row) }
    }

    mutating func restored(_ source: Int) { isRestored[source] = true }

    mutating func tampered(_ subscriber: Int, _ source: Int) {
        tampered.insert(Pair(subscriber: subscriber, source: source))
        everTampered.insert(Pair(subscriber: subscriber, source: source))
    }

    /// The subscriber's index is that of an earlier time.
    mutating func rolledBack(_ subscriber: Int) {
        tampered.formUnion(everTampered.filter { $0.subscriber == subscriber })
    }

    mutating func received(_ pulse: Pulse, by subscriber: Int, from source: Int, at moment: Timestamp) {
        let pair = Pair(subscriber: subscriber, source: source)
        // Of two in a millisecond nobody can tell which one a moment means.
        let isOnly = received[pair]?[moment] == nil
        received[pair, default: [:]][moment] = isOnly ? (pulse.epoch, pulse.head) : (pulse.epoch, 0)
    }

    // MARK: - Promises

    /// Whether what the subscriber holds of the source is what the source has committed up to the watermark (P1, P2).
    mutating func check(_ held: MemoryIndex.Source, of source: Int, at subscriber: Int) -> Broken? {
        let pair = Pair(subscriber: subscriber, source: source)
        guard let epoch = held.state.progress.epoch else { return nil }
        guard let numbering = epochs[source][epoch] else { return Broken(.p2, "an epoch that never was", pair) }
        if numbering.isTainted { return nil }
        let broken = Self.compare(held, with: numbering)
        if tampered.contains(pair) {
            // Below the head some of it cannot be told from what is not applied yet.
            let last = numbering.committed.keys.max() ?? 0
            let isWhole = held.state.progress.applied.watermark >= last && held.gaps.isEmpty
            if broken == nil, isWhole { tampered.remove(pair) }
            return nil
        }
        return broken.map { Broken($0.promise, $0.what, pair) }
    }

    private static func compare(
        _ held: MemoryIndex.Source, with numbering: Numbering
    ) -> (promise: Promise, what: String)? {
        var digest = BucketDigest()
        // All that is wrong is looked for, so that what is said does not depend on the order of a hash table.
        var wrong: Set<Wrong> = []
        for (key, entry) in held.entries {
            let committed = numbering.committed[entry.standing.seq]
            if committed?.key != key || committed?.hash != entry.standing.hash
                || committed?.hash != EntryHash.of(key, seq: entry.standing.seq, entry.facts)
            {
                wrong.insert(.foreign)
            }
            digest.toggle(key.patient, hash: entry.standing.hash)
        }
        let watermark = held.state.progress.applied.watermark
        for (key, numbers) in numbering.numbers {
            guard let last = numbers.last, last <= watermark, !held.misses(last) else { continue }
            let standing = held.entries[key]?.standing.seq
            if numbering.committed[last]?.hash == nil {
                if standing != nil { wrong.insert(.risen) }
            } else if standing != last {
                wrong.insert(standing == nil ? .missing : .older)
            }
        }
        if digest != held.state.digest { wrong.insert(.digest) }
        return wrong.min { $0.rawValue < $1.rawValue }.map { ($0.promise, $0.rawValue) }
    }

    private enum Wrong: String {
        case older = "an older version stands below the watermark"
        case missing = "an entry is missing below the watermark"
        case foreign = "a row stands that its source never committed under its number"
        case risen = "an entry stands that was withdrawn below the watermark"
        case digest = "the digest is not that of the rows"

        var promise: Promise {
            switch self {
            case .older, .foreign, .risen: .p2
            case .missing, .digest: .p1
            }
        }
    }

    /// Whether everything that the source had at the moment of "as of" is there (P3).
    func check(
        _ coverage: SourceCoverage, _ held: MemoryIndex.Source?, of source: Int, at subscriber: Int
    ) -> Broken? {
        let pair = Pair(subscriber: subscriber, source: source)
        guard !tampered.contains(pair) else { return nil }
        guard let asOf = coverage.asOf else {
            return coverage.state == .complete ? Broken(.p3, "complete as of no moment", pair) : nil
        }
        // A moment that an earlier worker of the subscriber heard of is known here too.
        guard let pulse = received[pair]?[asOf], pulse.head > 0, let numbering = epochs[source][pulse.epoch],
            !numbering.isTainted
        else { return nil }
        guard let held, held.state.progress.epoch == pulse.epoch else {
            // Until the new epoch's first pulse is caught up with, what the old one's said still stands.
            let isNewer = held?.state.progress.epoch.map { $0 > pulse.epoch } ?? false
            return isNewer ? nil : Broken(.p3, "as of a pulse of an epoch that is not applied", pair)
        }
        for (key, numbers) in numbering.numbers {
            guard let last = numbers.last(where: { $0 <= pulse.head }) else { continue }
            let standing = held.entries[key]?.standing.seq ?? 0
            if standing >= last || numbering.committed[last]?.hash == nil && standing == 0 { continue }
            let wasWithdrawn = numbers.contains { $0 > last && numbering.committed[$0]?.hash == nil }
            if standing == 0, wasWithdrawn { continue }
            // What is parked is known to be missing, and what it supersedes may have been left out.
            if numbers.contains(where: { $0 >= last && held.misses($0) }) { continue }
            return Broken(.p3, "as of a moment at which the source had more", pair)
        }
        let isShort = coverage.state == .complete && coverage.watermark < (coverage.head ?? 0)
        return isShort ? Broken(.p3, "complete below the head", pair) : nil
    }
}

/// The promises of the design that a simulated world is checked for.
package enum Promise: String, Sendable {
    /// A committed change reaches every index.
    case p1 = "P1"
    /// Its effect is once; an older version never replaces a newer one.
    case p2 = "P2"
    /// What an answer says of its completeness is true.
    case p3 = "P3"
    /// A good message is never parked; an outage loses nothing.
    case p6 = "P6"
    /// An index that was lost is filled again.
    case p7 = "P7"
}

/// A promise that was broken.
struct Broken {
    let promise: Promise
    let what: String
    let subscriber: Int?
    let source: Int?

    init(_ promise: Promise, _ what: String, _ pair: Ledger.Pair) {
        self.init(promise, what, subscriber: pair.subscriber, source: pair.source)
    }

    init(_ promise: Promise, _ what: String, subscriber: Int? = nil, source: Int? = nil) {
        self.promise = promise
        self.what = what
        self.subscriber = subscriber
        self.source = source
    }
}
