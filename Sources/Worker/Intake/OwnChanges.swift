import CareRecord
import Logging
import Replication
import ServiceLifecycle
import Storage

/// Indexes this HIE's own changes from its journal, without the broker.
struct OwnChanges: Service {
    let hie: HIEIdentifier
    let records: RecordStore
    let index: IndexWriter
    let retry: StorageRetry
    let coverage: CoverageBoard
    let clock: WallClock
    let limits: OutboxMachine.Limits

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await follow() }
        } catch {
            // What is not indexed at a stop is in the journal: the next start takes it up.
            guard Task.isShuttingDownGracefully || Task.isCancelled else { throw error }
        }
    }

    private func follow() async throws {
        var after = coverage.progress(of: hie).flatMap { $0.epoch == records.epoch ? $0.applied.watermark : nil } ?? 0
        for await _ in records.head.heads() {
            while let page = try await page(after: after) {
                try await index.apply([try batch(page)])
                after = page.through
            }
        }
    }

    private func page(after: Int64) async throws -> JournalPage? {
        try await retry.run("own changes") { () async throws(StorageError) in
            try await records.journalPage(after: after, limits: limits)
        }
    }

    private func batch(_ page: JournalPage) throws -> ChangeBatch {
        let changes = try page.body.split(separator: UInt8(ascii: "\n")).map(ChangeLine.read)
        return ChangeBatch(
            source: hie, epoch: records.epoch, after: page.after, through: page.through, changes: changes)
    }
}
