import CareRecord
import GRDB
import Replication

/// One source's row of the index: how far its journal is applied, its digest, and what its pulses said.
struct SourceRow {
    let source: IndexedSource
    let freshness: Freshness

    static func find(_ hie: HIEIdentifier, in database: Database) throws -> SourceRow? {
        let select = try PreparedStatement(database, "SELECT \(columns) FROM source WHERE hie = ?")
        select.bind(hie.text, at: 1)
        return try select.first(SourceRow.init)
    }

    /// Returns the row's number.
    static func insert(_ hie: HIEIdentifier, in database: Database) throws -> Int64 {
        let insert = try PreparedStatement(database, "INSERT INTO source (hie, digest) VALUES (?, ?)")
        insert.bind(hie.text, at: 1)
        insert.bind(blob: BucketDigest().bytes, at: 2)
        try insert.run()
        return database.lastInsertedRowID
    }

    static func all(in database: Database) throws -> [SourceRow] {
        var rows: [SourceRow] = []
        try PreparedStatement(database, "SELECT \(columns) FROM source ORDER BY id").each { row in
            rows.append(try SourceRow(row))
            return true
        }
        return rows
    }

    static func save(_ source: IndexedSource, in database: Database) throws {
        let update = try PreparedStatement(
            database,
            """
            UPDATE source SET epoch = ?, watermark = ?, islands = ?, digest = ?, tombstoneFloor = ?, reach = ?
            WHERE id = ?
            """)
        update.bind(source.progress.epoch?.text, at: 1)
        update.bind(source.progress.applied.watermark, at: 2)
        update.bind(source.progress.applied.islandsText, at: 3)
        update.bind(blob: source.digest.bytes, at: 4)
        update.bind(source.tombstoneFloor, at: 5)
        update.bind(source.progress.reach, at: 6)
        update.bind(source.id, at: 7)
        try update.run()
    }

    static func save(_ freshness: Freshness, of source: Int64, in database: Database) throws {
        let update = try PreparedStatement(
            database, "UPDATE source SET head = ?, heardAt = ?, asOf = ? WHERE id = ?")
        update.bind(freshness.head, at: 1)
        update.bind(freshness.heardAt?.milliseconds, at: 2)
        update.bind(freshness.asOf?.milliseconds, at: 3)
        update.bind(source, at: 4)
        try update.run()
    }

    private static let columns = """
        id, hie, epoch, watermark, islands, digest, head, heardAt, asOf,
        EXISTS (SELECT 1 FROM tombstone WHERE tombstone.source = source.id), tombstoneFloor,
        reach, EXISTS (SELECT 1 FROM gap WHERE gap.source = source.id)
        """

    private init(_ row: borrowing PreparedStatement) throws {
        guard let hie = row.text(1).flatMap({ HIEIdentifier($0) }), let digest = BucketDigest(bytes: row.bytes(5))
        else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT)
        }
        source = IndexedSource(
            id: row.int(0), hie: hie,
            progress: SourceProgress(
                epoch: row.text(2).flatMap(Epoch.init),
                applied: AppliedRanges(watermark: row.int(3), islandsText: row.text(4) ?? ""),
                reach: row.int(11)),
            digest: digest, hasTombstones: row.int(9) == 1, tombstoneFloor: row.optionalInt(10),
            hasGaps: row.int(12) == 1)
        freshness = Freshness(
            head: row.optionalInt(6), heardAt: row.optionalInt(7).map(Timestamp.init),
            asOf: row.optionalInt(8).map(Timestamp.init))
    }
}

extension AppliedRanges {
    /// The form in which islands are kept: `after-through`, separated by spaces.
    var islandsText: String { islands.map { "\($0.after)-\($0.through)" }.joined(separator: " ") }

    init(watermark: Int64, islandsText: String) {
        let islands = islandsText.split(separator: " ").compactMap { part -> Island? in
            let ends = part.split(separator: "-").compactMap { Int64($0) }
            return ends.count == 2 ? Island(after: ends[0], through: ends[1]) : nil
        }
        self.init(watermark: watermark, islands: islands)
    }
}
