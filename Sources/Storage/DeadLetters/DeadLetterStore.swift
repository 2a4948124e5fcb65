import AMQP
package import CareRecord
import GRDB
package import Replication

/// `deadletters.sqlite`: what was parked instead of being applied. A letter is on the disk, synced, before its message
/// is acknowledged; the same letter again raises its count.
package final class DeadLetterStore: Sendable {
    static let cacheKibibytes = 2048

    let file: DatabaseFile

    package init(path: String) throws(StorageError) {
        file = try DatabaseFile(
            path, durability: .full, cacheKibibytes: Self.cacheKibibytes, schema: Self.schema)
    }

    package func park(_ letters: [DeadLetter], now: Timestamp) async throws(StorageError) {
        try await file.write { database in
            for letter in letters { try Self.insert(letter, now: now, into: database) }
        }
    }

    /// Letters that wait, by source; those of no known source under `nil`.
    package func counts() async throws(StorageError) -> [HIEIdentifier?: Int] {
        try await file.read { database in
            var counts: [HIEIdentifier?: Int] = [:]
            try PreparedStatement(database, "SELECT source, count(*) FROM deadLetter GROUP BY source").each { row in
                counts[row.text(0).flatMap { HIEIdentifier($0) }] = Int(row.int(1))
                return true
            }
            return counts
        }
    }

    private static func insert(_ letter: DeadLetter, now: Timestamp, into database: Database) throws {
        let insert = try PreparedStatement(
            database,
            """
            INSERT INTO deadLetter
                (cause, detail, source, queue, exchange, routingKey, properties, body, firstSeen, lastSeen)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
            ON CONFLICT (queue, routingKey, properties, body) DO UPDATE SET lastSeen = ?9, count = count + 1
            """)
        insert.bind(letter.rejection.cause.rawValue, at: 1)
        insert.bind(letter.rejection.detail, at: 2)
        insert.bind(letter.source?.text, at: 3)
        insert.bind(letter.queue, at: 4)
        insert.bind(letter.exchange, at: 5)
        insert.bind(letter.routingKey, at: 6)
        insert.bind(letter.message.propertiesText, at: 7)
        insert.bind(blob: letter.message.body, at: 8)
        insert.bind(now.milliseconds, at: 9)
        try insert.run()
    }

    static let schema: [SchemaStep] = [
        SchemaStep(
            "v1",
            """
            CREATE TABLE deadLetter (
                id INTEGER PRIMARY KEY,
                cause TEXT NOT NULL,
                detail TEXT NOT NULL,
                source TEXT,
                queue TEXT NOT NULL,
                exchange TEXT NOT NULL,
                routingKey TEXT NOT NULL,
                -- JSON: properties and headers as they came.
                properties TEXT NOT NULL,
                body BLOB NOT NULL,
                firstSeen INTEGER NOT NULL,
                lastSeen INTEGER NOT NULL,
                count INTEGER NOT NULL DEFAULT 1,
                UNIQUE (queue, routingKey, properties, body)
            ) STRICT;
            """
        ),
        SchemaStep("v2-attempts", attemptsSQL),
    ]
}
