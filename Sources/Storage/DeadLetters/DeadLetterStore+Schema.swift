import AMQP
import CareRecord
import GRDB
import Replication

extension DeadLetterStore {
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
        SchemaStep(
            "v2",
            """
            CREATE TABLE letter (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                -- SHA-256 of what makes it the same letter when it comes again.
                identity BLOB NOT NULL UNIQUE CHECK (length(identity) = 32),
                state TEXT NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'resolved', 'discarded')),
                resolution TEXT CHECK ((resolution IS NOT NULL) = (state = 'resolved')),
                cause TEXT NOT NULL,
                detail TEXT NOT NULL,
                source TEXT,
                type TEXT,
                messageID TEXT,
                broker TEXT,
                queue TEXT NOT NULL,
                exchange TEXT NOT NULL,
                routingKey TEXT NOT NULL,
                form TEXT NOT NULL CHECK (form IN ('message', 'change')),
                epoch TEXT,
                rangeAfter INTEGER,
                rangeThrough INTEGER,
                seq INTEGER,
                resource TEXT,
                patient INTEGER,
                sizeBytes INTEGER NOT NULL,
                -- SHA-256 of properties and body as they are now.
                contentHash BLOB NOT NULL CHECK (length(contentHash) = 32),
                isEdited INTEGER NOT NULL DEFAULT 0 CHECK (isEdited IN (0, 1)),
                firstSeen INTEGER NOT NULL,
                lastSeen INTEGER NOT NULL,
                count INTEGER NOT NULL DEFAULT 1,
                -- When it was resolved or discarded.
                endedAt INTEGER CHECK ((endedAt IS NULL) = (state = 'parked'))
            ) STRICT;
            -- Everything that the groups of a list are made of.
            CREATE INDEX letterOfGroup ON letter (state, cause, source, type, firstSeen);
            CREATE INDEX letterOfRecord ON letter (source, resource) WHERE state = 'parked' AND resource IS NOT NULL;
            CREATE INDEX letterOfRange ON letter (source, epoch, rangeThrough)
                WHERE state = 'parked' AND form = 'message' AND rangeThrough IS NOT NULL;
            CREATE INDEX letterEnded ON letter (endedAt) WHERE endedAt IS NOT NULL;

            -- Apart from the rest, so that a list reads none of it.
            CREATE TABLE content (
                letter INTEGER PRIMARY KEY REFERENCES letter (id) ON DELETE CASCADE,
                -- JSON: properties and headers.
                properties TEXT NOT NULL,
                body BLOB NOT NULL,
                -- As it came, where it was edited.
                originalProperties TEXT,
                originalBody BLOB
            ) STRICT;

            CREATE TABLE event (
                id INTEGER PRIMARY KEY,
                letter INTEGER NOT NULL REFERENCES letter (id) ON DELETE CASCADE,
                at INTEGER NOT NULL,
                by TEXT,
                act TEXT NOT NULL,
                detail TEXT NOT NULL
            ) STRICT;
            CREATE INDEX eventOfLetter ON event (letter, id);

            CREATE TABLE plan (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                hash BLOB NOT NULL CHECK (length(hash) = 32),
                state TEXT NOT NULL,
                createdAt INTEGER NOT NULL,
                createdBy TEXT NOT NULL,
                selection TEXT NOT NULL,
                letters INTEGER NOT NULL,
                target TEXT,
                orderedBy TEXT,
                reason TEXT,
                canary INTEGER,
                ratePerSecond REAL,
                stopOnFailures INTEGER,
                startedAt INTEGER,
                endedAt INTEGER,
                endReason TEXT,
                foreseenApplied INTEGER NOT NULL,
                foreseenDuplicate INTEGER NOT NULL,
                foreseenSuperseded INTEGER NOT NULL,
                foreseenFailed INTEGER NOT NULL,
                -- Of the rows of planned: changed in the transaction that changes those.
                resultApplied INTEGER NOT NULL DEFAULT 0,
                resultDuplicate INTEGER NOT NULL DEFAULT 0,
                resultSuperseded INTEGER NOT NULL DEFAULT 0,
                resultFailed INTEGER NOT NULL DEFAULT 0
            ) STRICT;

            CREATE TABLE planned (
                plan INTEGER NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
                position INTEGER NOT NULL,
                letter INTEGER NOT NULL,
                contentHash BLOB NOT NULL,
                -- As they were when the plan was made: a report stays true when the letter is forgotten.
                cause TEXT NOT NULL,
                source TEXT,
                seq INTEGER,
                -- Verdicts: applied, duplicate, superseded (by a number), failed (with a cause and a detail).
                foreseen TEXT NOT NULL,
                foreseenSeq INTEGER,
                foreseenCause TEXT,
                foreseenDetail TEXT,
                result TEXT,
                resultSeq INTEGER,
                resultCause TEXT,
                resultDetail TEXT,
                at INTEGER,
                PRIMARY KEY (plan, position),
                UNIQUE (letter, plan)
            ) WITHOUT ROWID, STRICT;
            \(attemptsSQL)
            """, then: takeOver
        ),
    ]

    /// Letters of version 1. A line was kept there without its line feed, a message with it.
    private static func takeOver(_ database: Database) throws {
        var letters: [(letter: DeadLetter, firstSeen: Int64, lastSeen: Int64, count: Int64)] = []
        let rows = try PreparedStatement(
            database,
            """
            SELECT cause, detail, source, queue, exchange, routingKey, properties, body, firstSeen, lastSeen, count
            FROM deadLetter ORDER BY id
            """)
        try rows.each { row in
            let body = row.bytes(7)
            guard let message = Message(propertiesText: row.bytes(6), body: body) else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT)
            }
            let source = row.text(2).flatMap { HIEIdentifier($0) }
            let cause = row.text(0).flatMap(Rejection.Cause.init) ?? .undecodable
            let isLine = source != nil && !body.contains(UInt8(ascii: "\n"))
            let letter = DeadLetter(
                Rejection(cause, row.text(1) ?? ""), source: source, queue: row.text(3) ?? "",
                exchange: row.text(4) ?? "", routingKey: row.text(5) ?? "", message: message,
                form: isLine ? .change : .message)
            letters.append((letter, row.int(8), row.int(9), row.int(10)))
            return true
        }
        for (letter, firstSeen, lastSeen, count) in letters {
            var writer = try LetterWriter(database)
            _ = try writer.park(
                letter, broker: nil, firstSeen: firstSeen, lastSeen: lastSeen, count: count)
        }
        try database.execute(sql: "DROP TABLE deadLetter")
    }
}
