package import CareRecord
import GRDB
package import Replication

extension RecordStore {
    /// A stretch of the journal within the limits of one page; `nil` where the head is not above its beginning.
    package func journalPage(after: Int64, limits: PageLimits) async throws(StorageError) -> JournalPage? {
        let page = try await journalPage(JournalStretch(after: after), limits: limits)
        return page.through > after ? page : nil
    }

    /// The page that answers a question; it may be empty.
    package func journalPage(
        _ stretch: JournalStretch, limits: PageLimits
    ) async throws(StorageError) -> JournalPage {
        try await file.read { database in
            let state = try Self.state(database)
            var page = JournalPageBuilder(stretch, limits: limits, epoch: state.epoch, head: state.head)
            let rows = try PreparedStatement(
                database, "SELECT seq, patient, isPut, content FROM journal WHERE seq > ? ORDER BY seq")
            rows.bind(stretch.after, at: 1)
            try rows.each { row in
                guard let patient = NHSNumber(value: row.int(1)) else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT)
                }
                return row.withBytes(3) {
                    page.add(seq: row.int(0), patient: patient, isPut: row.int(2) == 1, content: $0)
                }
            }
            return page.page()
        }
    }

    /// Begins a new epoch if `witness` has seen more of the journal than there is. Returns whether it did.
    ///
    /// Errors: `.failed` where what was seen cannot be followed (`Epoch.following`).
    package func beginEpoch(after witness: JournalWitness, now: Timestamp) async throws(StorageError) -> Bool {
        let path = file.path
        let state = try await file.write { database -> JournalState? in
            try Self.beginEpoch(after: witness, now: now, in: database, path: path)
        }
        guard let state else { return false }
        adopt(state)
        return true
    }

    static func beginEpoch(
        after witness: JournalWitness, now: Timestamp, in database: Database, path: String
    ) throws -> JournalState? {
        let state = try state(database)
        guard state.isBehind(witness) else { return nil }
        var generator = SystemRandomNumberGenerator()
        guard let next = state.beginning(after: witness, at: now, using: &generator) else {
            throw StorageError(
                .failed,
                "\(path): somebody has seen an epoch of this journal that lies far in the future: set the clock right")
        }
        let update = try PreparedStatement(
            database,
            "UPDATE journalState SET epoch = ?, publishedThrough = ?, epochBegunAt = ?, epochReason = ?")
        update.bind(next.epoch.text, at: 1)
        update.bind(next.publishedThrough, at: 2)
        update.bind(now.milliseconds, at: 3)
        update.bind(state.reason(for: witness), at: 4)
        try update.run()
        return next
    }
}

extension JournalState {
    /// For the operator, why a new epoch began.
    fileprivate func reason(for witness: JournalWitness) -> String {
        witness.epoch == epoch
            ? "the journal was restored from an older copy: it ended at \(head), and \(witness.through) had been seen"
            : "the journal was restored or made anew: a later epoch of it had been seen"
    }
}
