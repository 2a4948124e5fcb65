import CareRecord
import Replication

/// Changes of several HIEs as an index receives them, and the very same rows for SQLite alone.
///
/// A source's changes come in the order of its numbers; those of a patient may come together or among those of others.
struct ChangeFeed: Sendable {
    /// As the outbox sends and the intake takes them.
    static let batchChanges = 500
    static let transactionChanges = 5000

    /// When all journals began: the changes are the same whenever they are made.
    private static let begunAt = Timestamp(milliseconds: 1_750_000_000_000)

    /// What one transaction writes.
    struct Transaction: Sendable {
        let batches: [ChangeBatch]
        /// In order of the key, as the index writes them.
        let rows: BareRows
        var count: Int { rows.count }
    }

    let sample: PatientSample
    private var random: SplitMix64
    private var heads: [Int64]
    private let epoch: Epoch
    /// Entries that are there: those with the lowest numbers.
    private(set) var entries = 0
    /// Numbers of entries to be put, the last first.
    private var due: [UInt32] = []

    /// `entries` is how many there will be.
    init(seed: UInt64, entries: Int) {
        sample = PatientSample(seed: seed, entries: entries)
        var random = SplitMix64(seed: seed, stream: 0x4665_6564)
        epoch = Epoch(beginning: Self.begunAt, using: &random)
        self.random = random
        heads = Array(repeating: 0, count: sample.hies.count)
    }

    /// From here on the entries are put that are missing to this size: patient by patient, as an HIE sends its
    /// records when it joins, and the last `mixed` in an order of chance.
    mutating func grow(to size: Int, mixing mixed: Int) {
        precondition(due.isEmpty && size < UInt32.max, "one size is reached before the next")
        guard size > entries else { return }
        due = (UInt32(entries)..<UInt32(size)).reversed()
        // The last ones come first here.
        let last = min(mixed, due.count)
        for place in stride(from: last - 1, to: 0, by: -1) { due.swapAt(place, random.below(place + 1)) }
        entries = size
    }

    /// Entries that are still to be put.
    var waiting: Int { due.count }

    /// The next entries to be put, as one transaction: as many as one has, and no more than `max`.
    mutating func next(_ max: Int = .max) -> Transaction {
        let numbers = due.suffix(min(max, Self.transactionChanges)).reversed().map { Int($0) }
        due.removeLast(numbers.count)
        return transaction(numbers)
    }

    /// As many entries of those that are there, put anew under later numbers.
    mutating func updates() -> Transaction {
        transaction((0..<Self.transactionChanges).map { _ in random.below(entries) })
    }

    /// Patients who have entries, any of them.
    mutating func patients(_ count: Int) -> [NHSNumber] {
        (0..<count).map { _ in sample.number(of: random.below(PatientSample.patients(entries))) }
    }

    private mutating func transaction(_ numbers: [Int]) -> Transaction {
        var batches: [ChangeBatch] = []
        var open: [[Change]] = Array(repeating: [], count: heads.count)
        var all: [(place: Int, change: Change, facts: Facts)] = []
        all.reserveCapacity(numbers.count)
        for number in numbers {
            let (place, key, facts) = sample.entry(number)
            heads[place] += 1
            let change = Change(seq: heads[place], key: key, effect: .put(facts))
            all.append((place, change, facts))
            open[place].append(change)
            guard open[place].count == Self.batchChanges else { continue }
            batches.append(batch(of: place, open[place]))
            open[place] = []
        }
        for place in open.indices where !open[place].isEmpty { batches.append(batch(of: place, open[place])) }
        return Transaction(batches: batches, rows: Self.rows(all))
    }

    private func batch(of place: Int, _ changes: [Change]) -> ChangeBatch {
        let through = changes.last?.seq ?? 0
        return ChangeBatch(
            source: sample.hies[place], epoch: epoch, after: through - Int64(changes.count), through: through,
            changes: changes)
    }

    private static func rows(_ all: [(place: Int, change: Change, facts: Facts)]) -> BareRows {
        var rows = BareRows()
        let ordered = all.sorted { left, right in
            let (one, other) = (left.change.key, right.change.key)
            return (one.patient, left.place, one.resource, left.change.seq)
                < (other.patient, right.place, other.resource, right.change.seq)
        }
        for (place, change, facts) in ordered {
            rows.append(source: Int64(place + 1), change.key, seq: change.seq, facts)
        }
        return rows
    }
}
