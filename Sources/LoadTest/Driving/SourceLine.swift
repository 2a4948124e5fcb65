import CareRecord

/// The changes of one HIE on their way to its worker, in order. Pure.
///
/// Several requests are under way at once, but never two that touch the same record: what would come next waits.
struct SourceLine {
    /// Requests under way at once: fewer than a worker lets wait before it turns away.
    static let underWayMax = 16

    struct Batch {
        let changes: [StreamChange]
        let intendedAt: UInt64
    }

    private var stream: ChangeStream
    private let batchSize: Int
    /// Intended moments of the batches that are not made yet.
    private var waiting = Queue<UInt64>()
    /// Batches that were made and not sent, the first that comes next.
    private var made = Queue<Batch>()
    private(set) var underWayCount = 0
    /// Whether what piled up while the worker stood still has not all been sent since.
    private var isCatchingUp = false

    init(_ stream: ChangeStream, batchSize: Int) {
        self.stream = stream
        self.batchSize = batchSize
    }

    /// Requests that are not sent.
    var waitingCount: Int { waiting.count + made.count }
    /// Those among them that the generator is to blame for.
    var lateCount: Int { isCatchingUp ? 0 : waitingCount }
    var isDone: Bool { waitingCount == 0 && underWayCount == 0 }

    mutating func want(at intendedAt: UInt64) { waiting.append(intendedAt) }

    /// The worker goes on after a stop.
    mutating func goesOn() { isCatchingUp = true }

    /// The batch to send now; `nil` while nothing may be. It is under way until it is told otherwise.
    mutating func next(_ ledger: inout Ledger, source: Int) -> Batch? {
        guard underWayCount < Self.underWayMax else { return nil }
        if made.isEmpty {
            guard let intendedAt = waiting.removeFirst() else {
                isCatchingUp = false
                return nil
            }
            made.append(Batch(changes: (0..<batchSize).map { _ in stream.next() }, intendedAt: intendedAt))
        }
        guard let batch = made.first, !batch.changes.contains(where: { ledger.isUnderWay($0, source: source) }) else {
            return nil
        }
        _ = made.removeFirst()
        for change in batch.changes { ledger.attempt(change, source: source) }
        underWayCount += 1
        return batch
    }

    mutating func ended() { underWayCount -= 1 }

    /// A batch that was not sent after all comes first, before any that touches its records.
    mutating func returned(_ batch: Batch, _ ledger: inout Ledger, source: Int) {
        underWayCount -= 1
        for change in batch.changes { ledger.withdraw(change, source: source) }
        let later = made.removeAll()
        for batch in ([batch] + later).sorted(by: { $0.intendedAt < $1.intendedAt }) { made.append(batch) }
    }

    func body(of batch: Batch) -> [UInt8] {
        var writer = JSONWriter(capacity: batch.changes.count * 512)
        stream.writeBundle(batch.changes, into: &writer)
        return writer.bytes
    }
}
