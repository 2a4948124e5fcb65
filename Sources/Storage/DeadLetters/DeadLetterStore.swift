import AMQP
package import CareRecord
import GRDB
package import Replication

/// `deadletters.sqlite`: what was parked instead of being applied, and what operators do about it. A letter is on the
/// disk, synced, before its message is acknowledged; the same letter again raises its count.
package final class DeadLetterStore: Sendable {
    static let cacheKibibytes = 8192
    /// A replay changes many pages again and again: 16 MiB of them are written once.
    static let checkpointPages = 4096

    let file: DatabaseFile

    package init(path: String) throws(StorageError) {
        file = try DatabaseFile(
            path, durability: .full, cacheKibibytes: Self.cacheKibibytes, checkpointPages: Self.checkpointPages,
            schema: Self.schema)
    }

    /// Returns those that wait now and did not before. `broker` is the one they were taken from.
    @discardableResult
    package func park(
        _ letters: [DeadLetter], broker: String? = nil, now: Timestamp
    ) async throws(StorageError) -> [LetterNote] {
        try await file.write { database in
            var writer = try LetterWriter(database)
            return try letters.compactMap { letter in
                try writer.park(
                    letter, broker: broker, firstSeen: now.milliseconds, lastSeen: now.milliseconds, count: 1)
            }
        }
    }

    /// Every letter that waits, by number.
    package func parked() async throws(StorageError) -> [LetterNote] {
        try await file.read { database in
            try Self.notes(
                try PreparedStatement(
                    database, "SELECT \(Self.noteColumns) FROM letter WHERE state = 'parked' ORDER BY id"))
        }
    }

    /// Letters that wait, by source; those of no known source under `nil`.
    package func counts() async throws(StorageError) -> [HIEIdentifier?: Int] {
        try await file.read { database in
            var counts: [HIEIdentifier?: Int] = [:]
            let count = try PreparedStatement(
                database, "SELECT source, count(*) FROM letter WHERE state = 'parked' GROUP BY source")
            try count.each { row in
                counts[row.text(0).flatMap { HIEIdentifier($0) }] = Int(row.int(1))
                return true
            }
            return counts
        }
    }

    static let noteColumns = """
        id, CASE queue WHEN '\(BrokerNames.unroutedQueue)' THEN NULL ELSE source END, form, resource, patient
        """

    static func notes(_ statement: PreparedStatement) throws -> [LetterNote] {
        var notes: [LetterNote] = []
        try statement.each { row in
            notes.append(note(row))
            return true
        }
        return notes
    }

    static func note(_ row: borrowing PreparedStatement) -> LetterNote {
        LetterNote(
            id: row.int(0), source: row.text(1).flatMap { HIEIdentifier($0) },
            form: row.text(2).flatMap(LetterSubject.Form.init) ?? .message,
            resource: row.text(3).flatMap { ResourceKey(reference: $0) },
            patient: row.optionalInt(4).flatMap { NHSNumber(value: $0) })
    }
}
