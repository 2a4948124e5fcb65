package import AMQP
package import CareRecord
import GRDB
package import Replication

/// A letter as a plan takes it up: as little as a plan of very many needs.
package struct ForeseenLetter: Sendable {
    package let id: Int64
    package let contentHash: [UInt8]
    package let cause: Rejection.Cause
    package let source: HIEIdentifier?
    package let epoch: Epoch?
    /// Of the change, or the last one of the message.
    package let seq: Int64?
    package let verdict: LetterVerdict

    package init(_ letter: CandidateLetter, _ verdict: LetterVerdict) {
        id = letter.due.id
        contentHash = letter.contentHash
        cause = letter.cause
        source = letter.source
        epoch = letter.epoch
        seq = letter.due.subject.seq ?? letter.due.subject.through
        self.verdict = verdict
    }

    /// Source by source, each in the order in which the source spoke.
    package static func isInSourceOrder(_ left: ForeseenLetter, _ right: ForeseenLetter) -> Bool {
        let keys = [left, right].map { ($0.source?.text ?? "", $0.epoch?.text ?? "", $0.seq ?? 0, $0.id) }
        return keys[0] < keys[1]
    }
}

/// What a plan has to do next: a letter as it is now, as far as sending it needs it.
package struct DueLetter: Sendable {
    package let position: Int
    package let id: Int64
    package let identity: LetterIdentity
    package let state: LetterState
    package let resolution: LetterResolution?
    package let broker: String?
    package let routingKey: String
    /// Form and range only.
    package let subject: LetterSubject
    package let message: Message
    /// The content is still what the plan was made of.
    package let isUnchanged: Bool
}

/// A letter that a plan may take up.
package struct CandidateLetter: Sendable {
    package let due: DueLetter
    package let cause: Rejection.Cause
    package let source: HIEIdentifier?
    package let epoch: Epoch?
    package let contentHash: [UInt8]
}

/// Why a plan does not start.
package enum PlanStart: Sendable, Hashable {
    case started
    /// So many of its letters are not what they were.
    case changed(Int)
    /// It is in another state.
    case not(ReplayPlan.State)
    /// Another plan runs.
    case busy(plan: Int64)
}

extension DeadLetterStore {
    /// Freezes the letters in this order; their hash covers ids and contents.
    package func makePlan(
        _ letters: [ForeseenLetter], selection: String, by: String, now: Timestamp
    ) async throws(StorageError) -> Int64 {
        try await file.write { database in
            let insert = try PreparedStatement(
                database,
                """
                INSERT INTO plan
                    (hash, state, createdAt, createdBy, selection, letters, foreseenApplied, foreseenDuplicate,
                     foreseenSuperseded, foreseenFailed)
                VALUES (?, 'planned', ?, ?, ?, ?, ?, ?, ?, ?)
                """)
            var frozen: [UInt8] = []
            var counts = VerdictCounts()
            for letter in letters {
                frozen += "\(letter.id):".utf8
                frozen += letter.contentHash
                counts.count(letter.verdict)
            }
            insert.bind(blob: SHA256.digest(frozen), at: 1)
            insert.bind(now.milliseconds, at: 2)
            insert.bind(by, at: 3)
            insert.bind(selection, at: 4)
            insert.bind(Int64(letters.count), at: 5)
            insert.bind(counts, at: 6)
            try insert.run()
            let plan = database.lastInsertedRowID
            let add = try PreparedStatement(
                database,
                """
                INSERT INTO planned
                    (plan, position, letter, contentHash, cause, source, seq, foreseen, foreseenSeq, foreseenCause,
                     foreseenDetail)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                """)
            for (index, letter) in letters.enumerated() {
                add.bind(plan, at: 1)
                add.bind(Int64(index + 1), at: 2)
                add.bind(letter.id, at: 3)
                add.bind(blob: letter.contentHash, at: 4)
                add.bind(letter.cause.rawValue, at: 5)
                add.bind(letter.source?.text, at: 6)
                add.bind(letter.seq, at: 7)
                add.bind(letter.verdict, at: 8)
                try add.run()
            }
            return plan
        }
    }

    package func plan(_ id: Int64) async throws(StorageError) -> ReplayPlan? {
        try await file.read { try Self.plans("WHERE id = ?", id, in: $0).first }
    }

    /// The newest first.
    package func plans(limit: Int) async throws(StorageError) -> [ReplayPlan] {
        try await file.read { try Self.plans("ORDER BY id DESC LIMIT ?", Int64(limit), in: $0) }
    }

    /// The plan that runs.
    package func runningPlan() async throws(StorageError) -> ReplayPlan? {
        try await file.read { try Self.plans("WHERE state = 'running' AND id > ? LIMIT 1", 0, in: $0).first }
    }

    package func plannedLetters(
        of plan: Int64, after position: Int, limit: Int
    ) async throws(StorageError) -> [PlannedLetter] {
        try await file.read { database in
            let select = try PreparedStatement(
                database,
                """
                SELECT letter, position, cause, source, seq, foreseen, foreseenSeq, foreseenCause, foreseenDetail,
                    result, resultSeq, resultCause, resultDetail, at
                FROM planned WHERE plan = ? AND position > ? ORDER BY position LIMIT \(limit)
                """)
            select.bind(plan, at: 1)
            select.bind(Int64(position), at: 2)
            var letters: [PlannedLetter] = []
            try select.each { row in
                guard let cause = row.text(2).flatMap(Rejection.Cause.init), let foreseen = LetterVerdict(row, from: 5)
                else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
                letters.append(
                    PlannedLetter(
                        letter: row.int(0), position: Int(row.int(1)), cause: cause,
                        source: row.text(3).flatMap { HIEIdentifier($0) }, seq: row.optionalInt(4), foreseen: foreseen,
                        result: LetterVerdict(row, from: 9), at: row.optionalInt(13).map(Timestamp.init)))
                return true
            }
            return letters
        }
    }

    /// Letters of the plan without a result, in order of their position, those above `position`.
    package func dueLetters(
        of plan: Int64, after position: Int, limit: Int
    ) async throws(StorageError) -> [DueLetter] {
        try await file.read { database in
            let select = try PreparedStatement(
                database,
                """
                SELECT position, letter.id, \(DueLetter.columns), letter.contentHash = planned.contentHash
                FROM planned JOIN letter ON letter.id = planned.letter JOIN content ON content.letter = letter.id
                WHERE plan = ? AND position > ? AND result IS NULL ORDER BY position LIMIT \(limit)
                """)
            select.bind(plan, at: 1)
            select.bind(Int64(position), at: 2)
            var letters: [DueLetter] = []
            try select.each { row in
                letters.append(try DueLetter(row))
                return true
            }
            return letters
        }
    }

    /// The letters of the plan among these that have no result yet, whole.
    package func unsettled(_ letters: [Int64], of plan: Int64) async throws(StorageError) -> [Int64: ParkedLetter] {
        try await file.read { database in
            let select = try PreparedStatement(
                database,
                """
                \(ParkedLetter.select) WHERE letter.id = ?2 AND EXISTS (
                    SELECT 1 FROM planned JOIN plan ON plan.id = planned.plan
                    WHERE plan = ?1 AND planned.letter = ?2 AND result IS NULL AND plan.state <> 'planned')
                """)
            var found: [Int64: ParkedLetter] = [:]
            for letter in letters {
                select.bind(plan, at: 1)
                select.bind(letter, at: 2)
                found[letter] = try select.first { try ParkedLetter($0) }
            }
            return found
        }
    }
}

extension DeadLetterStore {
    /// The parked letters that the filter finds, those above `after`, as far as a plan needs them.
    package func candidates(
        _ filter: LetterFilter, after: Int64, limit: Int, now: Timestamp
    ) async throws(StorageError) -> [CandidateLetter] {
        try await file.read { database in
            var condition = LetterCondition(filter, now: now)
            condition.add("letter.id > ?", .int(after))
            let select = try PreparedStatement(
                database,
                """
                SELECT 0, letter.id, \(DueLetter.columns), 1, cause, source, epoch, contentHash
                FROM \(Self.byNumber) JOIN content ON content.letter = letter.id
                \(condition.clause) ORDER BY letter.id LIMIT \(limit)
                """)
            condition.bind(to: select)
            var letters: [CandidateLetter] = []
            try select.each { row in
                guard let cause = row.text(14).flatMap(Rejection.Cause.init) else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT)
                }
                letters.append(
                    CandidateLetter(
                        due: try DueLetter(row), cause: cause, source: row.text(15).flatMap { HIEIdentifier($0) },
                        epoch: row.text(16).flatMap(Epoch.init), contentHash: row.bytes(17)))
                return true
            }
            return letters
        }
    }
}

extension DueLetter {
    fileprivate static let columns = """
        identity, state, resolution, broker, routingKey, form, rangeAfter, rangeThrough, letter.seq, properties, body
        """

    /// Position and id, then `columns`, then whether it is unchanged.
    fileprivate init(_ row: borrowing PreparedStatement) throws {
        guard let identity = LetterIdentity(bytes: row.bytes(2)), let state = row.text(3).flatMap(LetterState.init),
            let form = row.text(7).flatMap(LetterSubject.Form.init),
            let message = row.withBytes(11, { Message(propertiesText: $0, body: row.bytes(12)) })
        else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
        var subject = LetterSubject(form: form)
        subject.after = row.optionalInt(8)
        subject.through = row.optionalInt(9)
        subject.seq = row.optionalInt(10)
        self.init(
            position: Int(row.int(0)), id: row.int(1), identity: identity, state: state,
            resolution: row.text(4).flatMap(LetterResolution.init), broker: row.text(5), routingKey: row.text(6) ?? "",
            subject: subject, message: message, isUnchanged: row.int(13) == 1)
    }
}
