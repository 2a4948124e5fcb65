import CareRecord
import Replication

/// An index's rows on a simulated disk.
struct MemoryIndex: IndexRows {
    struct Entry: Hashable {
        var standing: StandingEntry
        var facts: Facts
    }

    struct Source {
        var state: IndexedSource
        var entries: [EntryKey: Entry] = [:]
        var tombstones: [EntryKey: Int64] = [:]
        var gaps: [LetterIdentity: OpenGap] = [:]

        /// Whether the change of this number may be parked, so that its entry is not what the source committed.
        func misses(_ seq: Int64) -> Bool { gaps.values.contains { $0.misses(seq) } }
    }

    /// A letter of a plan.
    private struct Replayed: Hashable {
        let letter: LetterIdentity
        let plan: Int64
    }

    /// By `IndexedSource.id`, which is the source's number in the world.
    private(set) var sources: [Int64: Source] = [:]
    private let numbers: [HIEIdentifier: Int]
    private var verdicts: [Replayed: LetterVerdict] = [:]

    init(numbers: [HIEIdentifier: Int]) { self.numbers = numbers }

    func held(_ number: Int) -> Source? { sources[Int64(number)] }

    mutating func source(_ hie: HIEIdentifier) -> IndexedSource {
        let id = Int64(numbers[hie] ?? -1)
        if let state = known(hie) { return state }
        let state = IndexedSource(id: id, hie: hie)
        sources[id] = Source(state: state)
        return state
    }

    func known(_ hie: HIEIdentifier) -> IndexedSource? {
        guard let source = sources[Int64(numbers[hie] ?? -1)] else { return nil }
        var state = source.state
        state.hasTombstones = !source.tombstones.isEmpty
        state.hasGaps = !source.gaps.isEmpty
        return state
    }

    mutating func save(_ source: IndexedSource) { sources[source.id]?.state = source }

    mutating func clear(source: Int64) {
        sources[source]?.entries = [:]
        sources[source]?.tombstones = [:]
        sources[source]?.gaps = [:]
    }

    func standing(_ key: EntryKey, source: Int64) -> StandingEntry? { sources[source]?.entries[key]?.standing }

    mutating func put(_ key: EntryKey, source: Int64, _ standing: StandingEntry, _ facts: Facts) {
        sources[source]?.entries[key] = Entry(standing: standing, facts: facts)
    }

    mutating func remove(_ key: EntryKey, source: Int64) { sources[source]?.entries[key] = nil }

    func scan(source: Int64, _ buckets: BucketSet, _ body: (FoundEntry) throws -> Void) rethrows {
        guard let entries = sources[source]?.entries else { return }
        for (key, entry) in entries where buckets.contains(key.patient) {
            let contentHash = EntryHash.of(key, seq: entry.standing.seq, entry.facts)
            try body(FoundEntry(key: key, standing: entry.standing, contentHash: contentHash))
        }
    }

    func tombstone(_ key: EntryKey, source: Int64) -> Int64? { sources[source]?.tombstones[key] }

    mutating func bury(_ key: EntryKey, source: Int64, seq: Int64) { sources[source]?.tombstones[key] = seq }

    mutating func raise(_ key: EntryKey, source: Int64) { sources[source]?.tombstones[key] = nil }

    mutating func sweep(source: Int64, through seq: Int64) {
        guard let tombstones = sources[source]?.tombstones, tombstones.contains(where: { $0.value <= seq }) else {
            return
        }
        sources[source]?.tombstones = tombstones.filter { $0.value > seq }
    }

    mutating func keep(_ gap: OpenGap, source: Int64) { sources[source]?.gaps[gap.letter] = gap }

    mutating func close(_ letter: LetterIdentity, source: Int64) { sources[source]?.gaps[letter] = nil }

    func gap(of letter: LetterIdentity, source: Int64) -> OpenGap? { sources[source]?.gaps[letter] }

    func gaps(source: Int64, after: Int64, through: Int64) -> [OpenGap] {
        guard let gaps = sources[source]?.gaps, !gaps.isEmpty else { return [] }
        // In an order of their own: nothing in a world may depend on that of a hash table.
        return gaps.values.filter { $0.after < through && after < $0.through }
            .sorted { $0.letter.text < $1.letter.text }
    }

    func lowestGap(source: Int64) -> Int64? { sources[source]?.gaps.values.map(\.after).min() }

    func verdict(on redemption: Redemption) -> LetterVerdict? {
        verdicts[Replayed(letter: redemption.letter, plan: redemption.plan)]
    }

    mutating func note(_ verdict: LetterVerdict, on redemption: Redemption) {
        if case .failed = verdict { return }
        verdicts[Replayed(letter: redemption.letter, plan: redemption.plan)] = verdict
    }
}

extension MemoryIndex {
    /// Changes a row behind the index's back: its facts, its number, or whether it is there.
    mutating func tamper(_ source: Int, using generator: inout SplitMix64) -> Bool {
        let keys = (sources[Int64(source)]?.entries.keys).map { $0.sorted { $0.order < $1.order } } ?? []
        guard !keys.isEmpty, let entry = sources[Int64(source)]?.entries[generator.pick(keys)] else { return false }
        let key = generator.pick(keys)
        var changed = entry
        switch generator.below(3) {
        case 0:
            changed.facts.display = "changed \(generator.below(1000))"
            sources[Int64(source)]?.entries[key] = changed
        case 1:
            changed.standing = StandingEntry(seq: entry.standing.seq + 1, hash: entry.standing.hash)
            sources[Int64(source)]?.entries[key] = changed
        default:
            sources[Int64(source)]?.entries[key] = nil
        }
        return true
    }
}

extension EntryKey {
    fileprivate var order: String { "\(patient.value)/\(resource.reference)" }
}
