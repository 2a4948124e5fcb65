package import Replication

/// A stretch of the journal, ready to be sent.
package struct JournalPage: Sendable, Hashable {
    package let after: Int64
    /// Inclusive; above `after`.
    package let through: Int64
    package let changeCount: Int
    /// One change a line (`ChangeLine`), in order of seq.
    package let body: [UInt8]
    /// Whether a limit ended the page before the journal did.
    package let isFull: Bool
}

extension RecordStore {
    /// What the journal holds above `after`, within the limits of one message; `nil` where there is nothing.
    package func journalPage(after: Int64, limits: OutboxMachine.Limits) async throws(StorageError) -> JournalPage? {
        try await file.read { database in
            let headOf = try PreparedStatement(database, "SELECT head FROM journalState")
            guard let head = try headOf.first({ $0.int(0) }), head > after else { return nil }
            let changes = try PreparedStatement(
                database, "SELECT seq, content FROM journal WHERE seq > ? ORDER BY seq")
            changes.bind(after, at: 1)
            var body: [UInt8] = []
            var last = after
            var count = 0
            var isFull = false
            try changes.each { row in
                let wouldBe = row.withBytes(1) { body.count + $0.count }
                isFull = count == limits.batchChangesMax || (count > 0 && wouldBe > limits.batchBytesMax)
                guard !isFull else { return false }
                last = row.int(0)
                row.withBytes(1) { ChangeLine.append(seq: last, content: $0, to: &body) }
                count += 1
                return true
            }
            return JournalPage(
                after: after, through: isFull ? last : head, changeCount: count, body: body, isFull: isFull)
        }
    }
}
