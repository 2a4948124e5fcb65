import CareRecord
import GRDB
import Replication

/// Gaps, and the outcomes of redeemed letters.
extension IndexFile {
    mutating func open(_ gap: Gap, source: Int64) throws {
        let insert = try PreparedStatement(database, "INSERT OR REPLACE INTO gap VALUES (?, ?, ?, ?)")
        insert.bind(source, at: 1)
        insert.bind(blob: gap.letter.bytes, at: 2)
        insert.bind(gap.after, at: 3)
        insert.bind(gap.through, at: 4)
        try insert.run()
    }

    mutating func close(_ letter: LetterIdentity, source: Int64) throws {
        let delete = try PreparedStatement(database, "DELETE FROM gap WHERE source = ? AND letter = ?")
        delete.bind(source, at: 1)
        delete.bind(blob: letter.bytes, at: 2)
        try delete.run()
    }

    func gap(of letter: LetterIdentity, source: Int64) throws -> Gap? {
        let select = try PreparedStatement(
            database, "SELECT letter, rangeAfter, rangeThrough FROM gap WHERE source = ? AND letter = ?")
        select.bind(source, at: 1)
        select.bind(blob: letter.bytes, at: 2)
        return try select.first { try Gap($0) }
    }

    /// Most gaps are of one number; those of several are few.
    func gaps(holding seq: Int64, source: Int64) throws -> [Gap] {
        let select = try PreparedStatement(
            database,
            """
            SELECT letter, rangeAfter, rangeThrough FROM gap WHERE source = ?1 AND rangeAfter = ?2 - 1
            UNION
            SELECT letter, rangeAfter, rangeThrough FROM gap
            WHERE source = ?1 AND rangeThrough - rangeAfter > 1 AND rangeAfter < ?2 AND ?2 <= rangeThrough
            """)
        select.bind(source, at: 1)
        select.bind(seq, at: 2)
        return try Self.all(select)
    }

    func lowestGap(source: Int64) throws -> Int64? {
        let select = try PreparedStatement(database, "SELECT min(rangeAfter) FROM gap WHERE source = ?")
        select.bind(source, at: 1)
        return try select.first { $0.optionalInt(0) } ?? nil
    }

    func outcome(of letter: LetterIdentity, plan: Int64) throws -> LetterVerdict? {
        let select = try PreparedStatement(
            database, "SELECT verdict, seq, cause, detail FROM redeemed WHERE letter = ? AND plan = ?")
        select.bind(blob: letter.bytes, at: 1)
        select.bind(plan, at: 2)
        return try select.first { LetterVerdict($0, from: 0) } ?? nil
    }

    mutating func note(_ verdict: LetterVerdict, of letter: LetterIdentity, plan: Int64) throws {
        let insert = try PreparedStatement(database, "INSERT OR REPLACE INTO redeemed VALUES (?, ?, ?, ?, ?, ?)")
        insert.bind(blob: letter.bytes, at: 1)
        insert.bind(plan, at: 2)
        insert.bind(verdict, at: 3)
        try insert.run()
    }

    static func all(_ select: PreparedStatement) throws -> [Gap] {
        var gaps: [Gap] = []
        try select.each { row in
            gaps.append(try Gap(row))
            return true
        }
        return gaps
    }
}

extension Gap {
    /// Columns: letter, after, through.
    init(_ row: borrowing PreparedStatement) throws {
        guard let letter = LetterIdentity(bytes: row.bytes(0)) else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
        self.init(letter: letter, after: row.int(1), through: row.int(2))
    }
}
