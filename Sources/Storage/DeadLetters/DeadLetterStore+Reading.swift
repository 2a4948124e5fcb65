package import CareRecord
import GRDB
import Replication

extension DeadLetterStore {
    /// Counts what the filter finds, by cause, source, type and age.
    package func summary(_ filter: LetterFilter, now: Timestamp) async throws(StorageError) -> LetterSummary {
        try await file.read { database in
            let condition = LetterCondition(filter, now: now)
            let ages = AgeBand.allCases.compactMap { band in
                band.millisecondsMax.map { "WHEN firstSeen > \(now.milliseconds - $0) THEN '\(band.rawValue)'" }
            }
            let select = try PreparedStatement(
                database,
                """
                SELECT cause, source, type, CASE \(ages.joined(separator: " ")) ELSE '\(AgeBand.older.rawValue)' END,
                    count(*), min(firstSeen), max(firstSeen)
                FROM letter \(condition.clause) GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 6
                """)
            condition.bind(to: select)
            var groups: [LetterGroup] = []
            try select.each { row in
                guard let cause = row.text(0).flatMap(Rejection.Cause.init), let age = row.text(3).flatMap(AgeBand.init)
                else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
                groups.append(
                    LetterGroup(
                        cause: cause, source: row.text(1).flatMap { HIEIdentifier($0) }, type: row.text(2), age: age,
                        count: Int(row.int(4)), oldest: Timestamp(milliseconds: row.int(5)),
                        newest: Timestamp(milliseconds: row.int(6))))
                return true
            }
            return LetterSummary(total: groups.reduce(0) { $0 + $1.count }, groups: groups)
        }
    }

    /// In order of their number, those above `after`.
    package func rows(
        _ filter: LetterFilter, after: Int64, limit: Int, now: Timestamp
    ) async throws(StorageError) -> [LetterRow] {
        try await page(filter, after: after, limit: limit, now: now, columns: LetterRow.columns, from: Self.byNumber) {
            try LetterRow($0)
        }
    }

    /// The same, whole.
    package func letters(
        _ filter: LetterFilter, after: Int64, limit: Int, now: Timestamp
    ) async throws(StorageError) -> [ParkedLetter] {
        try await page(
            filter, after: after, limit: limit, now: now,
            columns: "\(LetterRow.columns), \(ParkedLetter.columns)",
            from: "\(Self.byNumber) JOIN content ON content.letter = letter.id"
        ) { try ParkedLetter($0) }
    }

    package func letter(_ id: Int64) async throws(StorageError) -> ParkedLetter? {
        try await file.read { database in
            let select = try PreparedStatement(database, "\(ParkedLetter.select) WHERE letter.id = ?")
            select.bind(id, at: 1)
            return try select.first { try ParkedLetter($0) }
        }
    }

    /// What was done to a letter, the earliest first; its replays are among it.
    package func history(_ id: Int64) async throws(StorageError) -> [LetterEvent] {
        try await file.read { database in
            let select = try PreparedStatement(
                database,
                """
                SELECT at, by, act, detail FROM event WHERE letter = ?1
                UNION ALL
                SELECT planned.at, plan.orderedBy, 'replayed',
                    'plan ' || plan.id || ': ' || result || coalesce(' (' || resultCause || ')', '')
                FROM planned JOIN plan ON plan.id = planned.plan WHERE letter = ?1 AND result IS NOT NULL
                ORDER BY 1
                """)
            select.bind(id, at: 1)
            var events: [LetterEvent] = []
            try select.each { row in
                events.append(
                    LetterEvent(
                        at: Timestamp(milliseconds: row.int(0)), by: row.text(1), act: row.text(2) ?? "",
                        detail: row.text(3) ?? ""))
                return true
            }
            return events
        }
    }

    /// What waits, by cause; causes without any are left out.
    package func causes() async throws(StorageError) -> [CauseCount] {
        try await file.read { database in
            let select = try PreparedStatement(
                database,
                "SELECT cause, count(*), min(firstSeen) FROM letter WHERE state = 'parked' GROUP BY cause ORDER BY 1")
            var causes: [CauseCount] = []
            try select.each { row in
                guard let cause = row.text(0).flatMap(Rejection.Cause.init) else { return true }
                causes.append(
                    CauseCount(cause: cause, count: Int(row.int(1)), oldest: Timestamp(milliseconds: row.int(2))))
                return true
            }
            return causes
        }
    }

    /// Single changes by source that are parked, and that are discarded: the numbers that an index lacks for them.
    package func missingChanges() async throws(StorageError) -> [HIEIdentifier: (parked: Int64, discarded: Int64)] {
        try await file.read { database in
            let select = try PreparedStatement(
                database,
                """
                SELECT source, sum(state = 'parked'), sum(state = 'discarded') FROM letter
                WHERE form = 'change' AND state <> 'resolved' AND source IS NOT NULL GROUP BY source
                """)
            var counts: [HIEIdentifier: (parked: Int64, discarded: Int64)] = [:]
            try select.each { row in
                if let hie = row.text(0).flatMap({ HIEIdentifier($0) }) { counts[hie] = (row.int(1), row.int(2)) }
                return true
            }
            return counts
        }
    }

    /// A page is a stretch of the table: by an index SQLite would sort all that fits for each page.
    static let byNumber = "letter NOT INDEXED"

    private func page<Value: Sendable>(
        _ filter: LetterFilter, after: Int64, limit: Int, now: Timestamp, columns: String, from: String,
        _ read: @escaping @Sendable (borrowing PreparedStatement) throws -> Value
    ) async throws(StorageError) -> [Value] {
        try await file.read { database in
            var condition = LetterCondition(filter, now: now)
            condition.add("letter.id > ?", .int(after))
            let select = try PreparedStatement(
                database, "SELECT \(columns) FROM \(from) \(condition.clause) ORDER BY letter.id LIMIT \(limit)")
            condition.bind(to: select)
            var values: [Value] = []
            try select.each { row in
                values.append(try read(row))
                return true
            }
            return values
        }
    }
}
