import CareRecord
import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle
import Storage

/// Does what is due in intervals: keeps the freshness of the sources on disk, and shows that the worker is alive.
final class Upkeep: Service {
    static let intervalMilliseconds: Int64 = 2000
    /// Rounds after which memory that nobody uses goes back to the system: glibc keeps what a burst has taken.
    private static let roundsPerTrim = 10

    private let keeper: IndexKeeper
    private let coverage: CoverageBoard
    private let retry: StorageRetry
    private let clock: WallClock
    private let beat: NIOLockedValueBox<Timestamp>

    init(keeper: IndexKeeper, coverage: CoverageBoard, retry: StorageRetry, clock: WallClock) {
        self.keeper = keeper
        self.coverage = coverage
        self.retry = retry
        self.clock = clock
        beat = NIOLockedValueBox(clock.now)
    }

    /// When the last round ended.
    var lastBeat: Timestamp { beat.withLockedValue { $0 } }

    func run() async throws {
        var rounds = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            _ = try? await cancelWhenGracefulShutdown {
                try await Task.sleep(for: .milliseconds(Self.intervalMilliseconds))
            }
            await keep()
            beat.withLockedValue { $0 = clock.now }
            rounds += 1
            if rounds.isMultiple(of: Self.roundsPerTrim) { FreeMemory.giveBack() }
        }
    }

    /// Once a round, so that a file that cannot be written for long does not look like a worker that is stuck.
    private func keep() async {
        await retry.once("upkeep") { () async throws(StorageError) in
            try await keeper.replaceIfDeleted()
            try await keeper.write { [coverage] index throws(StorageError) in
                // Taken here: of an index that has just begun anew nothing is known that was known before.
                let changed = coverage.takeChanged()
                guard !changed.isEmpty else { return }
                do throws(StorageError) {
                    try await index.keep(changed)
                } catch {
                    coverage.putBackChanged(changed)
                    throw error
                }
            }
        }
    }
}
