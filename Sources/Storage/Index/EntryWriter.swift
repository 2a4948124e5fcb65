import CareRecord
import GRDB
import Replication

/// The entries within one write transaction: writes a row where the incoming number is the higher one.
struct EntryWriter {
    private let select: PreparedStatement
    private let upsert: PreparedStatement
    private let remove: PreparedStatement
    private let tombstone: PreparedStatement
    private let bury: PreparedStatement
    private let raise: PreparedStatement

    init(_ database: Database) throws {
        let key = "source = ?1 AND patient = ?2 AND type = ?3 AND id = ?4"
        select = try PreparedStatement(database, "SELECT seq FROM entry WHERE \(key)")
        upsert = try PreparedStatement(
            database,
            """
            INSERT INTO entry
                (source, patient, type, id, seq, category, code, system, display, status, date, demographics)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            ON CONFLICT (patient, source, type, id) DO UPDATE SET seq = ?5, category = ?6, code = ?7, system = ?8,
                display = ?9, status = ?10, date = ?11, demographics = ?12
            """)
        remove = try PreparedStatement(database, "DELETE FROM entry WHERE \(key)")
        tombstone = try PreparedStatement(database, "SELECT seq FROM tombstone WHERE \(key)")
        bury = try PreparedStatement(database, "INSERT OR REPLACE INTO tombstone VALUES (?1, ?2, ?3, ?4, ?5)")
        raise = try PreparedStatement(database, "DELETE FROM tombstone WHERE \(key)")
    }

    /// Applies one change of `source`, unless a later one of the same entry stands. Returns whether it did.
    func apply(_ change: Change, to source: inout SourceRow) throws -> Bool {
        let standing = try seq(select, change.key, source.id)
        if let standing, standing >= change.seq { return false }
        if source.hasTombstones, let buried = try seq(tombstone, change.key, source.id), buried >= change.seq {
            return false
        }
        if let standing { source.digest.toggle(change.key, seq: standing) }
        switch change.effect {
        case .put(let facts):
            bind(upsert, change.key, source.id)
            upsert.bind(change.seq, at: 5)
            bind(facts)
            try upsert.run()
            source.digest.toggle(change.key, seq: change.seq)
            if source.hasTombstones {
                bind(raise, change.key, source.id)
                try raise.run()
            }
        case .withdraw:
            if standing != nil {
                bind(remove, change.key, source.id)
                try remove.run()
            }
            bind(bury, change.key, source.id)
            bury.bind(change.seq, at: 5)
            try bury.run()
            source.hasTombstones = true
        }
        return true
    }

    private func seq(_ statement: PreparedStatement, _ key: EntryKey, _ source: Int64) throws -> Int64? {
        bind(statement, key, source)
        return try statement.first { $0.int(0) }
    }

    private func bind(_ statement: PreparedStatement, _ key: EntryKey, _ source: Int64) {
        statement.bind(source, at: 1)
        statement.bind(key.patient.value, at: 2)
        statement.bind(key.resource.type, at: 3)
        statement.bind(key.resource.id, at: 4)
    }

    private func bind(_ facts: Facts) {
        upsert.bind(facts.category.rawValue, at: 6)
        upsert.bind(facts.code, at: 7)
        upsert.bind(facts.system, at: 8)
        upsert.bind(facts.display, at: 9)
        upsert.bind(facts.status, at: 10)
        upsert.bind(facts.date, at: 11)
        upsert.bind(facts.demographics?.json, at: 12)
    }
}

extension Demographics {
    /// The form in which the index keeps them.
    var json: String {
        var writer = JSONWriter()
        writer.object { $0.write(self) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
