import AMQP
import CareRecord
import Logging
import Replication
import ServiceLifecycle
import Storage

/// Indexes this HIE's own changes from its journal, and lets the own subscription hear the journal's pulse: both
/// without the broker.
struct OwnChanges: Service {
    private static let part = "own changes"

    let hie: HIEIdentifier
    let records: RecordStore
    let index: IndexWriter
    let parking: Parking
    let retry: StorageRetry
    let coverage: CoverageBoard
    let clock: WallClock
    /// Changes of one transaction.
    let limits: PageLimits
    let pulseIntervalMilliseconds: Int64

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                try await withThrowingTaskGroup { group in
                    group.addTask { try await follow() }
                    group.addTask { try await pulse() }
                    defer { group.cancelAll() }
                    try await group.next()
                }
            }
        } catch {
            // What is not indexed at a stop is in the journal: the next start takes it up.
            guard Task.isShuttingDownGracefully || Task.isCancelled else { throw error }
        }
    }

    private func follow() async throws {
        var pace = Pace.transactions
        for await _ in records.head.heads() {
            try await pace.rest()
            while let page = try await page(after: applied) {
                let begunAt = ContinuousClock.now
                let incoming = incoming(page)
                if !incoming.letters.isEmpty { try await parking.park(incoming.letters, broker: nil) }
                try await index.apply(
                    [incoming.batch], for: Self.part, from: ChangeOrigin(queue: JournalDesk.ownQueue))
                pace.worked(for: .now - begunAt, isFull: page.isFull)
            }
        }
    }

    /// What a peer hears over the broker.
    private func pulse() async throws {
        while true {
            let state = try await retry.run(Self.part) { () async throws(StorageError) in
                try await records.journalState()
            }
            coverage.pulse(
                Pulse(
                    source: hie, epoch: state.epoch, head: state.head, digest: state.digest.total,
                    intervalMilliseconds: pulseIntervalMilliseconds),
                at: clock.now)
            // The index began anew: what follows the journal does so from its beginning.
            if state.head > 0, coverage.progress(of: hie)?.epoch == nil { records.head.renew() }
            try await Task.sleep(for: .milliseconds(pulseIntervalMilliseconds))
        }
    }

    /// Of the journal's present epoch. It goes back to nothing when the index begins anew.
    private var applied: Int64 {
        guard let progress = coverage.progress(of: hie), progress.epoch == records.epoch else { return 0 }
        return progress.applied.watermark
    }

    private func page(after: Int64) async throws -> JournalPage? {
        try await retry.run(Self.part) { () async throws(StorageError) in
            try await records.journalPage(after: after, limits: limits)
        }
    }

    /// A line that cannot be read, on a damaged disk, costs that line.
    private func incoming(_ page: JournalPage) -> IncomingBatch {
        var changes: [Change] = []
        var letters: [DeadLetter] = []
        for line in page.body.split(separator: UInt8(ascii: "\n")) {
            do throws(Rejection) {
                changes.append(try ChangeLine.read(line))
            } catch {
                letters.append(
                    DeadLetter(
                        error, source: hie, queue: JournalDesk.ownQueue, exchange: "", routingKey: "",
                        message: message(page, line: Array(line)), form: .change))
            }
        }
        let batch = ChangeBatch(
            source: hie, epoch: page.epoch, after: page.after, through: page.through, head: page.head,
            changes: changes, gaps: letters.compactMap(Gap.init(of:)))
        return IncomingBatch(batch: batch, letters: letters)
    }

    private func message(_ page: JournalPage, line: [UInt8]) -> Message {
        var message = ChangeBatch.message(source: hie, page, sentAt: clock.now).message
        message.body = line
        message.userID = hie.text
        return message
    }
}
