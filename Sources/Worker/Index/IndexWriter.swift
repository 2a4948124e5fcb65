import AMQP
import CareRecord
import Logging
import Replication
import Storage

/// Applies batches to the index and tells everybody who needs to know. While the file cannot be written it waits and
/// tries again: an outage pauses work, it never turns good messages into dead letters (promise P6).
struct IndexWriter: Sendable {
    let index: IndexStore
    let coverage: CoverageBoard
    let counters: CounterBoard
    let retry: StorageRetry
    let clock: WallClock
    let logger: Logger

    func apply(_ batches: [ChangeBatch]) async throws {
        guard !batches.isEmpty else { return }
        let applied = try await retry.run("intake") { () async throws(StorageError) in
            try await index.apply(batches)
        }
        coverage.advanced(applied.sources, at: clock.now)
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
    }
}

/// Tries a store again until it works, with the reason shown as a pause of the part that waits.
struct StorageRetry: Sendable {
    let pauses: PauseBoard
    let clock: WallClock
    let logger: Logger

    /// Ends early, with an error, only when the task is cancelled.
    func run<Value: Sendable>(
        _ part: String, _ attempt: @Sendable () async throws(StorageError) -> Value
    ) async throws -> Value {
        var backOff = BackOff(first: .milliseconds(50), max: .seconds(2))
        var hasFailed = false
        while true {
            do throws(StorageError) {
                let value = try await attempt()
                if hasFailed {
                    pauses.resume(part)
                    logger.notice("part.resumed", metadata: ["part": "\(part)"])
                }
                return value
            } catch {
                try Task.checkCancellation()
                pauses.pause(part, reason: error.description, now: clock.now)
                if !hasFailed {
                    logger.error("part.paused", metadata: ["part": "\(part)", "reason": "\(error.description)"])
                }
                hasFailed = true
            }
            try await Task.sleep(for: backOff.next())
        }
    }
}
