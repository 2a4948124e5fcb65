package import CareRecord
import GRDB
package import Replication

extension RecordStore {
    /// A stretch of the journal within the limits of one page; `nil` where the head is not above its beginning.
    package func journalPage(after: Int64, limits: PageLimits) async throws(StorageError) -> JournalPage? {
        try await journalPages(after: after, limits: limits, countMax: 1).first
    }

    /// So many pages, one after the other, in one snapshot; none where the head is not above their beginning. All but
    /// the last are full.
    package func journalPages(
        after: Int64, limits: PageLimits, countMax: Int
    ) async throws(StorageError) -> [JournalPage] {
        try await file.read { database in
            let (epoch, head) = try Self.position(database)
            func builder(after: Int64) -> JournalPageBuilder {
                JournalPageBuilder(JournalStretch(after: after), limits: limits, epoch: epoch, head: head)
            }
            var pages: [JournalPage] = []
            var page = builder(after: after)
            try Self.rows(after: after, in: database) { row in
                if try page.add(row) { return true }
                let last = page.page()
                guard last.isFull else { return false }
                pages.append(last)
                guard pages.count < countMax else { return false }
                page = builder(after: last.through)
                return try page.add(row)
            }
            if pages.count < countMax, case let last = page.page(), last.through > last.after { pages.append(last) }
            return pages
        }
    }

    /// The page that answers a question; it may be empty.
    package func journalPage(
        _ stretch: JournalStretch, limits: PageLimits
    ) async throws(StorageError) -> JournalPage {
        try await file.read { database in
            let (epoch, head) = try Self.position(database)
            var page = JournalPageBuilder(stretch, limits: limits, epoch: epoch, head: head)
            try Self.rows(after: stretch.after, in: database) { try page.add($0) }
            return page.page()
        }
    }

    private static func rows(
        after: Int64, in database: Database, _ read: (borrowing PreparedStatement) throws -> Bool
    ) throws {
        let rows = try PreparedStatement(
            database, "SELECT seq, patient, isPut, content FROM journal WHERE seq > ? ORDER BY seq")
        rows.bind(after, at: 1)
        try rows.each(read)
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

extension JournalPageBuilder {
    /// Takes a row of seq, patient, isPut and content.
    fileprivate mutating func add(_ row: borrowing PreparedStatement) throws -> Bool {
        guard let patient = NHSNumber(value: row.int(1)) else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
        let (seq, isPut) = (row.int(0), row.int(2) == 1)
        return row.withBytes(3) { add(seq: seq, patient: patient, isPut: isPut, content: $0) }
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
