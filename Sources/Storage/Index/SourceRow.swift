import CareRecord
import GRDB
import Replication

/// One source's row of the index: how far its journal is applied, its digest, and what its pulses said.
struct SourceRow {
    let id: Int64
    let hie: HIEIdentifier
    var progress: SourceProgress
    var digest: BucketDigest
    var hasTombstones = false
    var head: Int64?
    var heardAt: Timestamp?
    var asOf: Timestamp?

    /// The row of `hie`, made where it is missing.
    static func of(_ hie: HIEIdentifier, in database: Database) throws -> SourceRow {
        let select = try PreparedStatement(database, "SELECT \(columns) FROM source WHERE hie = ?")
        select.bind(hie.text, at: 1)
        if let row = try select.first(SourceRow.init) { return row }
        let insert = try PreparedStatement(database, "INSERT INTO source (hie, digest) VALUES (?, ?)")
        insert.bind(hie.text, at: 1)
        insert.bind(blob: BucketDigest().bytes, at: 2)
        try insert.run()
        return SourceRow(
            id: database.lastInsertedRowID, hie: hie, progress: SourceProgress(), digest: BucketDigest())
    }

    static func all(in database: Database) throws -> [SourceRow] {
        var rows: [SourceRow] = []
        try PreparedStatement(database, "SELECT \(columns) FROM source ORDER BY id").each { row in
            rows.append(try SourceRow(row))
            return true
        }
        return rows
    }

    /// Writes everything but the pulse's part.
    func saveProgress(in database: Database) throws {
        let update = try PreparedStatement(
            database, "UPDATE source SET epoch = ?, watermark = ?, islands = ?, digest = ? WHERE id = ?")
        update.bind(progress.epoch?.text, at: 1)
        update.bind(progress.applied.watermark, at: 2)
        update.bind(Self.text(of: progress.applied.islands), at: 3)
        update.bind(blob: digest.bytes, at: 4)
        update.bind(id, at: 5)
        try update.run()
    }

    private static let columns = """
        id, hie, epoch, watermark, islands, digest, head, heardAt, asOf,
        EXISTS (SELECT 1 FROM tombstone WHERE tombstone.source = source.id)
        """

    private init(id: Int64, hie: HIEIdentifier, progress: SourceProgress, digest: BucketDigest) {
        self.id = id
        self.hie = hie
        self.progress = progress
        self.digest = digest
    }

    private init(_ row: borrowing PreparedStatement) throws {
        guard let hie = row.text(1).flatMap({ HIEIdentifier($0) }), let digest = BucketDigest(bytes: row.bytes(5))
        else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT)
        }
        let islands = Self.islands(row.text(4) ?? "")
        self.init(
            id: row.int(0), hie: hie,
            progress: SourceProgress(
                epoch: row.text(2).flatMap(Epoch.init),
                applied: AppliedRanges(watermark: row.int(3), islands: islands)),
            digest: digest)
        head = row.optionalInt(6)
        heardAt = row.optionalInt(7).map(Timestamp.init)
        asOf = row.optionalInt(8).map(Timestamp.init)
        hasTombstones = row.int(9) == 1
    }

    private static func text(of islands: [AppliedRanges.Island]) -> String {
        islands.map { "\($0.after)-\($0.through)" }.joined(separator: " ")
    }

    private static func islands(_ text: String) -> [AppliedRanges.Island] {
        text.split(separator: " ").compactMap { part in
            let ends = part.split(separator: "-").compactMap { Int64($0) }
            return ends.count == 2 ? AppliedRanges.Island(after: ends[0], through: ends[1]) : nil
        }
    }
}
