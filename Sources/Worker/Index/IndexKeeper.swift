import CareRecord
import Logging
import NIOConcurrencyHelpers
import Replication
import Storage

/// The one way to the index: one write at a time, each told to the coverage board before the next begins, so that the
/// board never says of an index what is true of an earlier one.
///
/// A file that turns out to be no sound database is set aside and begun anew, once, whoever finds it; it fills again by
/// itself (promise P7).
final class IndexKeeper: Sendable {
    private let index: IndexStore
    private let coverage: CoverageBoard
    private let counters: CounterBoard
    private let logger: Logger
    private let turnstile = Turnstile()
    /// The old file was set aside and no new one could be opened yet.
    private let isUnfinished = NIOLockedValueBox(false)

    init(index: IndexStore, coverage: CoverageBoard, counters: CounterBoard, logger: Logger) {
        self.index = index
        self.coverage = coverage
        self.counters = counters
        self.logger = logger
    }

    /// What `body` tells the coverage board belongs to what it writes.
    func write<Value: Sendable>(
        _ body: @Sendable (IndexStore) async throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        try await turnstile.pass { () async throws(StorageError) in
            if isUnfinished.withLockedValue({ $0 }) { try beginAnew(because: "it could not be begun anew before") }
            do throws(StorageError) {
                return try await body(index)
            } catch {
                guard error.code == .corrupt else { throw error }
                try beginAnew(because: error.description)
                return try await body(index)
            }
        }
    }

    func read<Value: Sendable>(
        _ body: @Sendable (IndexStore) async throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let era = coverage.era
        do throws(StorageError) {
            return try await body(index)
        } catch {
            guard error.code == .corrupt else { throw error }
            try await rebuild(era: era, because: error.description)
            return try await body(index)
        }
    }

    /// Reads on the calling thread; what goes wrong is left to ``read(_:)``.
    func readNow<Value>(_ body: (IndexStore) -> Value) -> Value { body(index) }

    /// An index may be deleted at any time (promise P7): then another is begun.
    func replaceIfDeleted() async throws(StorageError) {
        let era = coverage.era
        guard !index.isInPlace else { return }
        try await rebuild(era: era, because: "the file was deleted")
    }

    /// Sets the file aside, unless that has been done since `era`.
    func rebuild(era: Int, because reason: String) async throws(StorageError) {
        try await turnstile.pass { () async throws(StorageError) in
            if coverage.era == era { try beginAnew(because: reason) }
        }
    }

    private func beginAnew(because reason: String) throws(StorageError) {
        // Before the rows go, so that no coverage promises more than they hold.
        coverage.forget()
        isUnfinished.withLockedValue { $0 = true }
        let moved = try index.beginAnew()
        isUnfinished.withLockedValue { $0 = false }
        counters.count { $0.indexRebuilds += 1 }
        logger.error("index.set.aside", metadata: ["index.moved": "\(moved)", "reason": "\(reason)"])
    }
}
