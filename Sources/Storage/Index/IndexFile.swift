package import CareRecord
import GRDB
import GRDBSQLite
import Replication

/// The rows of `index.sqlite` within one transaction.
struct IndexFile: IndexRows {
    let database: Database
    private let connection: OpaquePointer?
    private let select: PreparedStatement
    private let upsert: PreparedStatement
    /// Of the connection that writes.
    private let advancing: (upsert: PreparedStatement, overwritten: Overwritten)?
    private let delete: PreparedStatement
    private let buried: PreparedStatement
    private let insertTombstone: PreparedStatement
    private let deleteTombstone: PreparedStatement
    /// Of the row that is read or written at the moment.
    private let texts = BoundTexts()

    /// `overwritten` is that of the connection; it is needed to apply changes.
    init(_ database: Database, _ overwritten: Overwritten? = nil) throws {
        self.database = database
        connection = database.sqliteConnection
        let key = "source = ?1 AND patient = ?2 AND type = ?3 AND id = ?4"
        select = try PreparedStatement(database, "SELECT seq, hash FROM entry WHERE \(key)")
        upsert = try PreparedStatement(database, Self.upsert(hash: "?6"))
        advancing = try overwritten.map { overwritten in
            let upsert = Self.upsert(hash: "\(Overwritten.function)(hash, ?6)") + " WHERE seq < ?5"
            return (try PreparedStatement(database, upsert), overwritten)
        }
        delete = try PreparedStatement(database, "DELETE FROM entry WHERE \(key)")
        buried = try PreparedStatement(database, "SELECT seq FROM tombstone WHERE \(key)")
        insertTombstone = try PreparedStatement(
            database, "INSERT OR REPLACE INTO tombstone VALUES (?1, ?2, ?3, ?4, ?5)")
        deleteTombstone = try PreparedStatement(database, "DELETE FROM tombstone WHERE \(key)")
    }

    mutating func source(_ hie: HIEIdentifier) throws -> IndexedSource {
        if let row = try SourceRow.find(hie, in: database) { return row.source }
        return IndexedSource(id: try SourceRow.insert(hie, in: database), hie: hie)
    }

    func known(_ hie: HIEIdentifier) throws -> IndexedSource? { try SourceRow.find(hie, in: database)?.source }

    mutating func save(_ source: IndexedSource) throws {
        try SourceRow.save(source, in: database)
    }

    mutating func clear(source: Int64) throws {
        for table in ["entry", "tombstone", "gap"] {
            let delete = try PreparedStatement(database, "DELETE FROM \(table) WHERE source = ?")
            delete.bind(source, at: 1)
            try delete.run()
        }
    }

    func standing(_ key: EntryKey, source: Int64) throws -> StandingEntry? {
        bind(select, key, source)
        return try select.first { StandingEntry(seq: $0.int(0), hash: UInt64(bitPattern: $0.int(1))) }
    }

    mutating func put(_ key: EntryKey, source: Int64, _ standing: StandingEntry, _ facts: Facts) throws {
        bind(upsert, key, source, standing, facts)
        try upsert.run()
    }

    mutating func advance(
        _ key: EntryKey, source: Int64, to version: StandingEntry, _ facts: Facts
    ) throws -> Advance {
        guard let (upsert, overwritten) = advancing else {
            preconditionFailure("changes are applied with what the connection has overwritten")
        }
        bind(upsert, key, source, version, facts)
        overwritten.hash = nil
        try upsert.run()
        if let hash = overwritten.hash { return .replaced(hash: UInt64(bitPattern: hash)) }
        return sqlite3_changes(connection) > 0 ? .inserted : .superseded
    }

    /// The text of the statement that puts an entry; `hash` is that of an entry that is there already.
    private static func upsert(hash: String) -> String {
        """
        INSERT INTO entry
            (source, patient, type, id, seq, hash, category, code, system, display, status, date, demographics,
             family, given, birthDate, gender)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
        ON CONFLICT (patient, source, type, id) DO UPDATE SET seq = ?5, hash = \(hash), category = ?7, code = ?8,
            system = ?9, display = ?10, status = ?11, date = ?12, demographics = ?13, family = ?14, given = ?15,
            birthDate = ?16, gender = ?17
        """
    }

    private func bind(
        _ upsert: PreparedStatement, _ key: EntryKey, _ source: Int64, _ standing: StandingEntry, _ facts: Facts
    ) {
        bind(upsert, key, source)
        upsert.bind(standing.seq, at: 5)
        upsert.bind(Int64(bitPattern: standing.hash), at: 6)
        upsert.bind(facts.category.rawValue, keptIn: texts, at: 7)
        upsert.bind(facts.code, keptIn: texts, at: 8)
        upsert.bind(facts.system, keptIn: texts, at: 9)
        upsert.bind(facts.display, keptIn: texts, at: 10)
        upsert.bind(facts.status, keptIn: texts, at: 11)
        upsert.bind(facts.date, keptIn: texts, at: 12)
        upsert.bind(facts.demographics?.indexed, keptIn: texts, at: 13)
        let person = PersonKeys(facts.demographics)
        upsert.bind(person.family, keptIn: texts, at: 14)
        upsert.bind(person.given, keptIn: texts, at: 15)
        upsert.bind(person.birthDate, keptIn: texts, at: 16)
        upsert.bind(person.gender, keptIn: texts, at: 17)
    }

    mutating func remove(_ key: EntryKey, source: Int64) throws {
        bind(delete, key, source)
        try delete.run()
    }

    func scan(source: Int64, _ buckets: BucketSet, _ body: (FoundEntry) throws -> Void) throws {
        let rows = try PreparedStatement(
            database,
            """
            SELECT patient, type, id, seq, hash, category, code, system, display, status, date, demographics,
                family, given, birthDate, gender
            FROM entry WHERE source = ?
            """)
        rows.bind(source, at: 1)
        try rows.each { row in
            // An unreadable key is the file's corruption: no mending of a bucket would find it.
            guard let patient = NHSNumber(value: row.int(0)) else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
            guard buckets.contains(patient) else { return true }
            try body(try FoundEntry(row, patient: patient))
            return true
        }
    }

    func tombstone(_ key: EntryKey, source: Int64) throws -> Int64? {
        bind(buried, key, source)
        return try buried.first { $0.int(0) }
    }

    mutating func bury(_ key: EntryKey, source: Int64, seq: Int64) throws {
        bind(insertTombstone, key, source)
        insertTombstone.bind(seq, at: 5)
        try insertTombstone.run()
    }

    mutating func raise(_ key: EntryKey, source: Int64) throws {
        bind(deleteTombstone, key, source)
        try deleteTombstone.run()
    }

    mutating func sweep(source: Int64, through seq: Int64) throws {
        let sweep = try PreparedStatement(database, "DELETE FROM tombstone WHERE source = ? AND seq <= ?")
        sweep.bind(source, at: 1)
        sweep.bind(seq, at: 2)
        try sweep.run()
    }

    private func bind(_ statement: PreparedStatement, _ key: EntryKey, _ source: Int64) {
        texts.removeAll()
        statement.bind(source, at: 1)
        statement.bind(key.patient.value, at: 2)
        statement.bind(key.resource.type, keptIn: texts, at: 3)
        statement.bind(key.resource.id, keptIn: texts, at: 4)
    }
}

extension FoundEntry {
    /// Columns: patient, type, id, seq, hash, then those of `Facts.init(_:from:)` and of `PersonKeys.init(_:from:)`.
    /// Facts that cannot be read, or that would not be found by their keys, count as facts that differ.
    fileprivate init(_ row: borrowing PreparedStatement, patient: NHSNumber) throws {
        guard let type = row.text(1), let id = row.text(2), let resource = ResourceKey(type: type, id: id) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT)
        }
        let key = EntryKey(patient: patient, resource: resource)
        let standing = StandingEntry(seq: row.int(3), hash: UInt64(bitPattern: row.int(4)))
        var contentHash = ~standing.hash
        if let facts = Facts(row, from: 5), PersonKeys(facts.demographics) == PersonKeys(row, from: 12) {
            contentHash = EntryHash.of(key, seq: standing.seq, facts)
        }
        self.init(key: key, standing: standing, contentHash: contentHash)
    }
}

extension Facts {
    /// Reads the columns category, code, system, display, status, date, demographics; `nil` where they say nothing that
    /// was ever written.
    init?(_ row: borrowing PreparedStatement, from column: Int32) {
        guard let category = row.text(column).flatMap(Category.init(rawValue:)) else { return nil }
        var demographics: Demographics?
        if !row.isNull(column + 6) {
            guard let read = try? Demographics(JSON.parse(row.bytes(column + 6))) else { return nil }
            demographics = read
        }
        self.init(
            category: category, code: row.text(column + 1), system: row.text(column + 2),
            display: row.text(column + 3), status: row.text(column + 4), date: row.text(column + 5),
            demographics: demographics)
    }
}

extension Demographics {
    /// The form in which the index keeps them.
    package var indexed: String {
        var writer = JSONWriter()
        writer.object { $0.write(self) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
