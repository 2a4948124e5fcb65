import CareRecord
import Logging
import Replication
import Storage

/// Writes to the index and tells everybody who needs to know. While the file cannot be written it waits and tries
/// again: an outage pauses work, it never turns good messages into dead letters (promise P6).
struct IndexWriter: Sendable {
    let keeper: IndexKeeper
    let coverage: CoverageBoard
    let endings: LetterEndings
    let counters: CounterBoard
    let retry: StorageRetry
    let parking: Parking
    let clock: WallClock
    let logger: Logger

    /// `part` is the part of the worker that stands still while the index cannot be written. A change that the index
    /// does not take while it takes others is parked. `onFailure` is called when the index has failed and the process
    /// has not.
    @discardableResult
    func apply(
        _ batches: [ChangeBatch], for part: String, from origin: ChangeOrigin,
        onFailure: @Sendable () async -> Void = {}
    ) async throws -> AppliedChanges {
        guard !batches.isEmpty else { return AppliedChanges() }
        let result = try await retry.run(part, refusalsMax: Self.refusalsMax) { () async throws(StorageError) in
            do throws(StorageError) {
                return try await write(batches)
            } catch {
                await onFailure()
                throw error
            }
        }
        switch result {
        case .success(let applied): return applied
        case .failure: return try await applyApart(batches, for: part, from: origin)
        }
    }

    /// One transaction.
    func write(_ batches: [ChangeBatch]) async throws(StorageError) -> AppliedChanges {
        let applied = try await keeper.write { index throws(StorageError) in
            let applied = try await index.apply(batches)
            coverage.advanced(applied.sources, at: clock.now)
            return applied
        }
        endings.note(batches, applied)
        counters.count { counters in
            counters.indexTransactions += 1
            counters.changesSuperseded += Int64(applied.superseded)
            counters.batchesStale += Int64(applied.stale)
            counters.sourcesReplaced += Int64(applied.replaced.count)
            for (source, count) in applied.appliedBySource {
                counters.changesApplied[source, default: 0] += Int64(count)
            }
        }
        for source in applied.replaced {
            logger.notice("index.source.replaced", metadata: ["source.hie": "\(source)"])
        }
        return applied
    }

    /// Makes a stretch of some buckets what their source says it is; nothing in an index begun anew since `era`.
    /// Returns how many rows were wrong.
    func replace(_ page: BucketPage, era: Int, for part: String) async throws -> Int {
        try await write(part) { index throws(StorageError) in
            guard coverage.era == era else { return 0 }
            let (source, mended) = try await index.replace(page)
            coverage.advanced([page.source: source], at: clock.now)
            return mended
        }
    }

    /// Applies dead letters after all. The verdicts are in the order of the letters.
    func redeem(_ redemptions: [Redemption], for part: String) async throws -> [LetterVerdict] {
        let verdicts = try await write(part) { index throws(StorageError) in
            let (verdicts, sources) = try await index.redeem(redemptions)
            coverage.advanced(sources, at: clock.now)
            return verdicts
        }
        counters.count { counters in
            counters.indexTransactions += 1
            for (redemption, verdict) in zip(redemptions, verdicts) where verdict == .applied {
                counters.changesApplied[redemption.batch.source, default: 0] += Int64(redemption.batch.changes.count)
            }
        }
        return verdicts
    }

    func forgetRedeemed(plan: Int64, for part: String) async throws {
        try await write(part) { index throws(StorageError) in try await index.forgetRedeemed(plan: plan) }
    }

    /// What a replay of these would do; nothing is written.
    func foresee(_ redemptions: [Redemption]) async throws(StorageError) -> [LetterVerdict] {
        try await keeper.read { index throws(StorageError) in try await index.foresee(redemptions) }
    }

    /// What redeeming the letter in the plan came to, where it was.
    func outcome(of redemption: Redemption) async throws(StorageError) -> LetterVerdict? {
        try await keeper.read { index throws(StorageError) in try await index.outcome(of: redemption) }
    }

    /// What a source's row of a record says now.
    func entry(of hie: HIEIdentifier, _ key: EntryKey) async throws(StorageError) -> IndexedEntry? {
        try await keeper.read { index throws(StorageError) in try await index.entry(of: hie, key) }
    }

    /// Single numbers, by source, that count as applied and are not.
    func gapCounts() async throws(StorageError) -> [HIEIdentifier: Int64] {
        try await keeper.read { index throws(StorageError) in try await index.gapCounts() }
    }

    /// Sources that have gaps.
    func gapSources() async throws(StorageError) -> [HIEIdentifier] {
        try await keeper.read { index throws(StorageError) in try await index.gapCounts() }.keys.sorted()
    }

    func gaps(
        of hie: HIEIdentifier, after letter: LetterIdentity?, limit: Int
    ) async throws(StorageError) -> [Gap] {
        try await keeper.read { index throws(StorageError) in
            try await index.gaps(of: hie, after: letter, limit: limit)
        }
    }

    func closeGaps(_ letters: [LetterIdentity], of hie: HIEIdentifier, for part: String) async throws {
        try await write(part) { index throws(StorageError) in
            let source = try await index.closeGaps(letters, of: hie)
            coverage.advanced([hie: source], at: clock.now)
        }
    }

    func keepTombstones(of hie: HIEIdentifier, era: Int, for part: String) async throws {
        try await write(part) { index throws(StorageError) in
            guard coverage.era == era else { return }
            _ = try await index.keepTombstones(of: hie)
        }
    }

    /// Changes nothing where none are being kept.
    func forgetTombstones(of hie: HIEIdentifier, for part: String) async throws {
        try await write(part) { index throws(StorageError) in
            guard try await index.source(hie)?.tombstoneFloor != nil else { return }
            _ = try await index.forgetTombstones(of: hie)
        }
    }

    /// Nothing of a source that is not there yet.
    func digest(of hie: HIEIdentifier, for part: String) async throws -> (BucketDigest, SourceProgress) {
        let source = try await retry.run(part) { () async throws(StorageError) in
            try await keeper.read { index throws(StorageError) in try await index.source(hie) }
        }
        return (source?.digest ?? BucketDigest(), source?.progress ?? SourceProgress())
    }

    private func write<Value: Sendable>(
        _ part: String, _ body: @Sendable (IndexStore) async throws(StorageError) -> Value
    ) async throws -> Value {
        try await retry.run(part) { () async throws(StorageError) in try await keeper.write(body) }
    }
}
