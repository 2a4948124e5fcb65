import CareRecord
import GRDB
import Replication

/// The journal's rows in `records.sqlite`, within one write transaction.
struct JournalFile: JournalRows {
    private let select: PreparedStatement
    private let delete: PreparedStatement
    private let add: PreparedStatement

    init(_ database: Database) throws {
        select = try PreparedStatement(
            database, "SELECT seq, patient, isPut, content FROM journal WHERE type = ? AND id = ?")
        delete = try PreparedStatement(database, "DELETE FROM journal WHERE seq = ?")
        add = try PreparedStatement(database, "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)")
    }

    func rows(of resource: ResourceKey) throws -> [JournalRow] {
        var rows: [JournalRow] = []
        select.bind(resource.type, at: 1)
        select.bind(resource.id, at: 2)
        try select.each { row in
            guard let patient = NHSNumber(value: row.int(1)) else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
            rows.append(
                JournalRow(
                    seq: row.int(0), key: EntryKey(patient: patient, resource: resource), isPut: row.int(2) == 1,
                    content: row.bytes(3)))
            return true
        }
        return rows
    }

    mutating func insert(_ row: JournalRow) throws {
        add.bind(row.seq, at: 1)
        add.bind(row.key.resource.type, at: 2)
        add.bind(row.key.resource.id, at: 3)
        add.bind(row.key.patient.value, at: 4)
        add.bind(row.isPut ? 1 : 0, at: 5)
        add.bind(text: row.content, at: 6)
        try add.run()
    }

    mutating func remove(seq: Int64) throws {
        delete.bind(seq, at: 1)
        try delete.run()
    }
}

extension JournalTransaction where Rows == JournalFile {
    init(_ database: Database) throws {
        let state = try PreparedStatement(database, "SELECT head, digest FROM journalState")
        guard let kept = try state.first({ ($0.int(0), BucketDigest(bytes: $0.bytes(1))) }), let digest = kept.1 else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT)
        }
        self.init(head: kept.0, digest: digest, rows: try JournalFile(database))
    }

    /// Keeps head and digest, in the same transaction as the rows.
    func save(in database: Database) throws {
        let update = try PreparedStatement(database, "UPDATE journalState SET head = ?, digest = ?")
        update.bind(head, at: 1)
        update.bind(blob: digest.bytes, at: 2)
        try update.run()
    }
}
