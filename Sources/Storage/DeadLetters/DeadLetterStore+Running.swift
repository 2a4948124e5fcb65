package import CareRecord
import GRDB
package import Replication

/// A letter of a plan whose result was written down.
package struct SettledLetter: Sendable {
    package let letter: Int64
    package let verdict: LetterVerdict

    package init(letter: Int64, verdict: LetterVerdict) {
        self.letter = letter
        self.verdict = verdict
    }
}

extension DeadLetterStore {
    /// Starts a plan that was made or has stopped, if no other runs and its open letters are what they were.
    package func start(
        _ plan: Int64, _ order: ReplayOrder, now: Timestamp
    ) async throws(StorageError) -> PlanStart {
        try await file.write { database in
            if let refusal = try Self.obstacle(to: plan, from: [.planned], in: database) { return refusal }
            let update = try PreparedStatement(
                database,
                """
                UPDATE plan SET state = 'running', target = ?2, orderedBy = ?3, reason = ?4, canary = ?5,
                    ratePerSecond = CAST(?6 AS REAL) / 1000, stopOnFailures = ?7, startedAt = ?8 WHERE id = ?1
                """)
            update.bind(plan, at: 1)
            update.bind(order.target.rawValue, at: 2)
            update.bind(order.by, at: 3)
            update.bind(order.reason, at: 4)
            update.bind(Int64(order.canary), at: 5)
            update.bind(order.ratePerSecond.map { Int64(($0 * 1000).rounded()) }, at: 6)
            update.bind(order.stopOnFailures.map(Int64.init), at: 7)
            update.bind(now.milliseconds, at: 8)
            try update.run()
            return .started
        }
    }

    /// Goes on with a plan that is paused or has stopped, on the same conditions.
    package func resume(_ plan: Int64) async throws(StorageError) -> PlanStart {
        try await file.write { database in
            if let refusal = try Self.obstacle(to: plan, from: [.paused, .stopped], in: database) { return refusal }
            let update = try PreparedStatement(
                database, "UPDATE plan SET state = 'running', endReason = NULL, endedAt = NULL WHERE id = ?")
            update.bind(plan, at: 1)
            try update.run()
            return .started
        }
    }

    /// Moves a plan that is in one of these states to another one. Returns whether it was.
    package func move(
        _ plan: Int64, from states: Set<ReplayPlan.State>, to state: ReplayPlan.State, reason: String?, now: Timestamp
    ) async throws(StorageError) -> Bool {
        try await file.write { database in
            let list = states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
            let update = try PreparedStatement(
                database,
                "UPDATE plan SET state = ?2, endReason = ?3, endedAt = ?4 WHERE id = ?1 AND state IN (\(list))")
            update.bind(plan, at: 1)
            update.bind(state.rawValue, at: 2)
            update.bind(reason, at: 3)
            update.bind(state.isOver || state == .stopped ? now.milliseconds : nil, at: 4)
            try update.run()
            return database.changesCount == 1
        }
    }

    /// Writes down what became of letters of a plan, once each, and ends those that need nobody any more. Returns those
    /// that were not settled before, and the letters that ended.
    package func settle(
        _ letters: [SettledLetter], of plan: Int64, now: Timestamp
    ) async throws(StorageError) -> (settled: [SettledLetter], ended: [LetterNote]) {
        try await file.write { database in
            let record = try PreparedStatement(
                database,
                """
                UPDATE planned SET result = ?3, resultSeq = ?4, resultCause = ?5, resultDetail = ?6, at = ?7
                WHERE plan = ?1 AND letter = ?2 AND result IS NULL
                """)
            let waiting = try PreparedStatement(
                database, "SELECT \(Self.noteColumns) FROM letter WHERE id = ? AND state = 'parked'")
            let end = try PreparedStatement(
                database, "UPDATE letter SET state = 'resolved', resolution = ?2, endedAt = ?3 WHERE id = ?1")
            let fail = try PreparedStatement(
                database, "UPDATE letter SET cause = ?2, detail = ?3 WHERE id = ?1 AND state = 'parked'")
            var settled: [SettledLetter] = []
            var ended: [LetterNote] = []
            var counts = VerdictCounts()
            for letter in letters {
                record.bind(plan, at: 1)
                record.bind(letter.letter, at: 2)
                record.bind(letter.verdict, at: 3)
                record.bind(now.milliseconds, at: 7)
                try record.run()
                guard database.changesCount == 1 else { continue }
                settled.append(letter)
                counts.count(letter.verdict)
                if case .failed(let rejection) = letter.verdict {
                    fail.bind(letter.letter, at: 1)
                    fail.bind(rejection.cause.rawValue, at: 2)
                    fail.bind(rejection.detail, at: 3)
                    try fail.run()
                } else {
                    waiting.bind(letter.letter, at: 1)
                    guard let note = try waiting.first({ Self.note($0) }) else { continue }
                    end.bind(letter.letter, at: 1)
                    end.bind(letter.verdict.resolution?.rawValue, at: 2)
                    end.bind(now.milliseconds, at: 3)
                    try end.run()
                    ended.append(note)
                }
            }
            try Self.add(counts, to: plan, in: database)
            return (settled, ended)
        }
    }

    private static func add(_ counts: VerdictCounts, to plan: Int64, in database: Database) throws {
        let update = try PreparedStatement(
            database,
            """
            UPDATE plan SET resultApplied = resultApplied + ?2, resultDuplicate = resultDuplicate + ?3,
                resultSuperseded = resultSuperseded + ?4, resultFailed = resultFailed + ?5 WHERE id = ?1
            """)
        update.bind(plan, at: 1)
        update.bind(counts, at: 2)
        try update.run()
    }

    private static func obstacle(
        to plan: Int64, from states: Set<ReplayPlan.State>, in database: Database
    ) throws -> PlanStart? {
        let select = try PreparedStatement(database, "SELECT id, state FROM plan WHERE id = ?1 OR state = 'running'")
        select.bind(plan, at: 1)
        var state: ReplayPlan.State?
        var running: Int64?
        try select.each { row in
            let found = row.text(1).flatMap(ReplayPlan.State.init)
            if row.int(0) == plan { state = found } else { running = row.int(0) }
            return true
        }
        guard let state else { return .not(.cancelled) }
        guard states.contains(state) else { return .not(state) }
        if let running { return .busy(plan: running) }
        let changed = try PreparedStatement(
            database,
            """
            SELECT count(*) FROM planned LEFT JOIN letter ON letter.id = planned.letter
            WHERE plan = ? AND result IS NULL
                AND (letter.contentHash IS NOT planned.contentHash OR letter.state <> 'parked')
            """)
        changed.bind(plan, at: 1)
        let count = Int(try changed.first { $0.int(0) } ?? 0)
        return count > 0 ? .changed(count) : nil
    }

    static func plans(_ tail: String, _ value: Int64, in database: Database) throws -> [ReplayPlan] {
        let select = try PreparedStatement(
            database,
            """
            SELECT id, hash, state, createdAt, createdBy, selection, letters, target, orderedBy, reason, canary,
                CAST(ratePerSecond * 1000 AS INTEGER), stopOnFailures, startedAt, endedAt, endReason,
                foreseenApplied, foreseenDuplicate, foreseenSuperseded, foreseenFailed,
                resultApplied, resultDuplicate, resultSuperseded, resultFailed
            FROM plan \(tail)
            """)
        select.bind(value, at: 1)
        var plans: [ReplayPlan] = []
        try select.each { row in
            guard let state = row.text(2).flatMap(ReplayPlan.State.init) else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT)
            }
            plans.append(
                ReplayPlan(
                    id: row.int(0), hash: row.withBytes(1) { $0.hexadecimal }, state: state,
                    createdAt: Timestamp(milliseconds: row.int(3)), createdBy: row.text(4) ?? "",
                    selection: row.text(5) ?? "", count: Int(row.int(6)),
                    foreseen: VerdictCounts(row, from: 16), results: VerdictCounts(row, from: 20),
                    order: ReplayOrder(row, from: 7), startedAt: row.optionalInt(13).map(Timestamp.init),
                    endedAt: row.optionalInt(14).map(Timestamp.init), endReason: row.text(15)))
            return true
        }
        return plans
    }
}

extension VerdictCounts {
    /// Columns: applied, duplicate, superseded, failed.
    fileprivate init(_ row: borrowing PreparedStatement, from column: Int32) {
        self.init()
        applied = Int(row.int(column))
        duplicate = Int(row.int(column + 1))
        superseded = Int(row.int(column + 2))
        failed = Int(row.int(column + 3))
    }
}

extension ReplayOrder {
    /// Columns: target, orderedBy, reason, canary, milli-letters a second, stopOnFailures.
    fileprivate init?(_ row: borrowing PreparedStatement, from column: Int32) {
        guard let target = row.text(column).flatMap(Target.init) else { return nil }
        self.init(
            target: target, by: row.text(column + 1) ?? "", reason: row.text(column + 2) ?? "",
            canary: Int(row.optionalInt(column + 3) ?? 0),
            ratePerSecond: row.optionalInt(column + 4).map { Double($0) / 1000 },
            stopOnFailures: row.optionalInt(column + 5).map(Int.init))
    }
}

extension LetterVerdict {
    /// How it ends a letter; `nil` for one that goes on waiting.
    fileprivate var resolution: LetterResolution? {
        switch self {
        case .applied: .applied
        case .duplicate: .duplicate
        case .superseded: .superseded
        case .failed: nil
        }
    }
}
