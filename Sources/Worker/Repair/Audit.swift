import CareRecord
import Logging
import Replication
import Storage

/// Counts the rows of a source anew and puts the kept digest right, so that a row that was changed behind the index's
/// back shows when the digest is next compared with the source's.
struct Audit: Sendable {
    let keeper: IndexKeeper
    let coverage: CoverageBoard
    let counters: CounterBoard
    let clock: WallClock
    let logger: Logger

    /// Returns the number of buckets whose digest was wrong.
    @discardableResult
    func run(_ hie: HIEIdentifier) async throws(StorageError) -> Int {
        let era = coverage.era
        let found = try await keeper.read { index throws(StorageError) in try await index.difference(of: hie) }
        counters.count { $0.audits += 1 }
        guard let found else { return 0 }
        let buckets = found.difference.differences(from: BucketDigest())
        guard !buckets.isEmpty else { return 0 }
        try await keeper.write { index throws(StorageError) in
            guard coverage.era == era,
                let source = try await index.correct(hie, epoch: found.source.progress.epoch, by: found.difference)
            else { return }
            coverage.advanced([hie: source], at: clock.now)
        }
        counters.count { $0.bucketsCorrected += Int64(buckets.count) }
        logger.warning(
            "index.differs", metadata: ["source.hie": "\(hie)", "index.buckets": "\(buckets.count)"])
        return buckets.count
    }
}
