import CareRecord
import GRDB
import Replication

/// The journal within one write transaction: gives out numbers, keeps the latest change of every entry and the digest.
///
/// Nothing is kept until `save()` runs in the same transaction.
struct JournalWriter {
    private let database: Database
    private let shares: [Category: Share]
    private(set) var head: Int64
    private var digest: BucketDigest
    private let select: PreparedStatement
    private let remove: PreparedStatement
    private let insert: PreparedStatement

    init(_ database: Database, shares: [Category: Share]) throws {
        self.database = database
        self.shares = shares
        let state = try PreparedStatement(database, "SELECT head, digest FROM journalState")
        guard let kept = try state.first({ ($0.int(0), BucketDigest(bytes: $0.bytes(1))) }), let digest = kept.1 else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT)
        }
        head = kept.0
        self.digest = digest
        select = try PreparedStatement(
            database, "SELECT seq, patient, isPut, content FROM journal WHERE type = ? AND id = ?")
        remove = try PreparedStatement(database, "DELETE FROM journal WHERE seq = ?")
        insert = try PreparedStatement(database, "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)")
    }

    /// Makes `facts` under `patient` the one live entry of `resource`, or none where either is `nil` or not shared.
    /// What stands already is left alone; what changes gets the next number.
    mutating func set(_ resource: ResourceKey, patient: NHSNumber?, facts: Facts?) throws {
        let shared = facts.flatMap { (shares[$0.category] ?? .entry).reduce($0) }
        let wanted: (patient: NHSNumber, content: [UInt8])?
        if let patient, let shared {
            wanted = (patient, ChangeLine.content(EntryKey(patient: patient, resource: resource), .put(shared)))
        } else {
            wanted = nil
        }
        var stands = false
        for row in try rows(of: resource) {
            let key = EntryKey(patient: row.patient, resource: resource)
            if let wanted, wanted.patient == row.patient {
                stands = true
                if !row.isPut || row.content != wanted.content {
                    try supersede(row, key, with: wanted.content, isPut: true)
                }
            } else if row.isPut {
                try supersede(row, key, with: ChangeLine.content(key, .withdraw), isPut: false)
            }
        }
        if let wanted, !stands {
            try append(EntryKey(patient: wanted.patient, resource: resource), content: wanted.content, isPut: true)
        }
    }

    func save() throws {
        let update = try PreparedStatement(database, "UPDATE journalState SET head = ?, digest = ?")
        update.bind(head, at: 1)
        update.bind(blob: digest.bytes, at: 2)
        try update.run()
    }

    private struct Row {
        let seq: Int64
        let patient: NHSNumber
        let isPut: Bool
        let content: [UInt8]
    }

    private func rows(of resource: ResourceKey) throws -> [Row] {
        var rows: [Row] = []
        select.bind(resource.type, at: 1)
        select.bind(resource.id, at: 2)
        try select.each { row in
            guard let patient = NHSNumber(value: row.int(1)) else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
            rows.append(Row(seq: row.int(0), patient: patient, isPut: row.int(2) == 1, content: row.bytes(3)))
            return true
        }
        return rows
    }

    private mutating func supersede(_ row: Row, _ key: EntryKey, with content: [UInt8], isPut: Bool) throws {
        remove.bind(row.seq, at: 1)
        try remove.run()
        if row.isPut { digest.toggle(key, seq: row.seq) }
        try append(key, content: content, isPut: isPut)
    }

    private mutating func append(_ key: EntryKey, content: [UInt8], isPut: Bool) throws {
        head += 1
        insert.bind(head, at: 1)
        insert.bind(key.resource.type, at: 2)
        insert.bind(key.resource.id, at: 3)
        insert.bind(key.patient.value, at: 4)
        insert.bind(isPut ? 1 : 0, at: 5)
        insert.bind(text: content, at: 6)
        try insert.run()
        if isPut { digest.toggle(key, seq: head) }
    }
}
