import Replication
import Storage

/// What the index does not take together is applied apart, so that one change that it does not take holds up no other.
extension IndexWriter {
    /// Times that the index may refuse a transaction, for no outage that shows, before it is taken apart.
    static let refusalsMax = 3

    /// Halves what is refused until only single changes are, and parks those.
    func applyApart(_ batches: [ChangeBatch], for part: String, from origin: ChangeOrigin) async throws
        -> AppliedChanges
    {
        var applied = AppliedChanges()
        var waiting = Array(batches.reversed())
        while let next = waiting.popLast() {
            switch try await attempt(next, for: part) {
            case .success(let one): applied.add(one)
            case .failure:
                if let (lower, upper) = next.halves {
                    waiting += [upper, lower]
                } else {
                    applied.add(try await settle(next, for: part, from: origin))
                }
            }
        }
        return applied
    }

    private func attempt(_ batch: ChangeBatch, for part: String) async throws -> Result<AppliedChanges, StorageError> {
        try await retry.run(part, refusalsMax: 1) { () async throws(StorageError) in try await write([batch]) }
    }

    /// A batch that cannot be taken apart any more and was refused. While the index takes no change of anybody's,
    /// nothing is wrong with this one (promise P6).
    private func settle(
        _ batch: ChangeBatch, for part: String, from origin: ChangeOrigin
    ) async throws -> AppliedChanges {
        var batch = batch
        try await retry.run(part) { () async throws(StorageError) in
            try await keeper.write { index throws(StorageError) in try await index.tryOut() }
        }
        switch try await attempt(batch, for: part) {
        case .success(let applied): return applied
        case .failure(let error):
            let rejection = Rejection(
                .applicationFailed, "the index does not take it, and takes others: \(error.reason)")
            let letters = batch.changes.map { origin.letter(for: $0, of: batch, rejection, sentAt: clock.now) }
            if !letters.isEmpty { try await parking.park(letters, broker: origin.broker) }
            batch = batch.emptied(leaving: letters.compactMap(Gap.init(of:)))
        }
        return try await retry.run(part) { [batch] () async throws(StorageError) in try await write([batch]) }
    }
}
