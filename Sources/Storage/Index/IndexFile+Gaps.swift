import GRDB
import Replication

/// Gaps and what became of redeemed letters. Only a source that has some comes here, so that the statements are
/// prepared when they are asked for.
extension IndexFile {
    mutating func keep(_ gap: OpenGap, source: Int64) throws {
        let insert = try PreparedStatement(database, "INSERT OR REPLACE INTO gap VALUES (?1, ?2, ?3, ?4, ?5)")
        bind(insert, gap.letter, source)
        insert.bind(gap.after, at: 3)
        insert.bind(gap.through, at: 4)
        insert.bind(gap.isExact ? nil : gap.present.islandsText, at: 5)
        try insert.run()
    }

    mutating func close(_ letter: LetterIdentity, source: Int64) throws {
        let delete = try PreparedStatement(database, "DELETE FROM gap WHERE source = ?1 AND letter = ?2")
        bind(delete, letter, source)
        try delete.run()
    }

    func gap(of letter: LetterIdentity, source: Int64) throws -> OpenGap? {
        let select = try PreparedStatement(
            database, "SELECT letter, after, through, present FROM gap WHERE source = ?1 AND letter = ?2")
        bind(select, letter, source)
        return try select.first(OpenGap.init)
    }

    func gaps(source: Int64, after: Int64, through: Int64) throws -> [OpenGap] {
        // Those that begin within, and those that reach in from below.
        let select = try PreparedStatement(
            database,
            """
            SELECT letter, after, through, present FROM gap
            WHERE source = ?1 AND after >= ?2 AND after < ?3 AND through > ?2
            UNION ALL SELECT letter, after, through, present FROM gap
            WHERE source = ?1 AND through > after + 1 AND through > ?2 AND after < ?2
            """)
        select.bind(source, at: 1)
        select.bind(after, at: 2)
        select.bind(through, at: 3)
        var gaps: [OpenGap] = []
        try select.each { row in
            gaps.append(try OpenGap(row))
            return true
        }
        return gaps
    }

    func lowestGap(source: Int64) throws -> Int64? {
        let select = try PreparedStatement(database, "SELECT min(after) FROM gap WHERE source = ?")
        select.bind(source, at: 1)
        return try select.first { $0.optionalInt(0) } ?? nil
    }

    func verdict(on redemption: Redemption) throws -> LetterVerdict? {
        let select = try PreparedStatement(
            database, "SELECT verdict, seq FROM redeemed WHERE plan = ?1 AND letter = ?2 AND number = ?3")
        bind(select, redemption.letter, redemption.plan)
        select.bind(redemption.batch.through, at: 3)
        return try select.first { row in
            switch row.text(0) {
            case LetterVerdict.applied.word: return .applied
            case LetterVerdict.duplicate.word: return .duplicate
            case LetterVerdict.superseded(by: nil).word: return .superseded(by: row.optionalInt(1))
            default: throw DatabaseError(resultCode: .SQLITE_CORRUPT)
            }
        }
    }

    mutating func note(_ verdict: LetterVerdict, on redemption: Redemption) throws {
        let insert = try PreparedStatement(database, "INSERT INTO redeemed VALUES (?1, ?3, ?2, ?4, ?5)")
        switch verdict {
        case .applied, .duplicate: insert.bind(nil as Int64?, at: 5)
        case .superseded(let seq): insert.bind(seq, at: 5)
        case .failed: return
        }
        bind(insert, redemption.letter, redemption.plan)
        insert.bind(redemption.batch.through, at: 3)
        insert.bind(verdict.word, at: 4)
        try insert.run()
    }

    private func bind(_ statement: PreparedStatement, _ letter: LetterIdentity, _ number: Int64) {
        statement.bind(number, at: 1)
        statement.bind(blob: letter.bytes, at: 2)
    }
}

extension OpenGap {
    /// Reads the columns letter, after, through, present.
    fileprivate init(_ row: borrowing PreparedStatement) throws {
        guard let letter = LetterIdentity(bytes: row.bytes(0)) else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
        self.init(
            letter, isExact: row.isNull(3),
            present: AppliedRanges(watermark: row.int(1), islandsText: row.text(3) ?? ""), through: row.int(2))
    }
}
