import CareRecord
import GRDBSQLite
import Storage

/// SQLite with nothing around it: a connection of its C API with the index's table and settings.
///
/// It is used by one thread at a time.
final class BareDatabase {
    private let connection: OpaquePointer
    private let path: String

    private init(_ path: String, flags: Int32) throws(LoadTestError) {
        self.path = path
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let opened else {
            sqlite3_close_v2(opened)
            throw LoadTestError(.file, "\(path) cannot be opened: SQLite's error \(code)")
        }
        connection = opened
    }

    deinit { sqlite3_close_v2(connection) }

    /// Another file with the table of entries that an index has, indexes included, and the same cache.
    convenience init(_ path: String, asIn index: String) throws(LoadTestError) {
        let schema = try BareDatabase(reading: index).texts(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'entry' AND sql IS NOT NULL ORDER BY type DESC")
        try self.init(path, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        try execute("PRAGMA journal_mode = WAL")
        try execute("PRAGMA synchronous = NORMAL")
        try execute("PRAGMA cache_size = -\(IndexStore.cacheKibibytes)")
        try execute("PRAGMA wal_autocheckpoint = \(IndexStore.checkpointPages)")
        for statement in schema { try execute(statement) }
    }

    /// A file that is there, to be read.
    convenience init(reading path: String) throws(LoadTestError) {
        try self.init(path, flags: SQLITE_OPEN_READWRITE)
        try execute("PRAGMA query_only = 1")
        try execute("PRAGMA cache_size = -\(IndexStore.readerCacheKibibytes)")
    }

    /// Brings the write-ahead log of a file that nobody writes into the file.
    static func bringIn(_ path: String) throws(LoadTestError) {
        try BareDatabase(path, flags: SQLITE_OPEN_READWRITE).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    func execute(_ sql: String) throws(LoadTestError) {
        guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else { throw failure(sql) }
    }

    func prepare(_ sql: String) throws(LoadTestError) -> BareStatement {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil) == SQLITE_OK,
            let statement
        else { throw failure(sql) }
        return BareStatement(statement, of: self)
    }

    func failure(_ sql: String) -> LoadTestError {
        LoadTestError(.file, "\(path): \(String(cString: sqlite3_errmsg(connection))): \(sql)")
    }

    private func texts(_ sql: String) throws(LoadTestError) -> [String] {
        let statement = try prepare(sql)
        var texts: [String] = []
        while try statement.step() { texts.append(String(cString: sqlite3_column_text(statement.pointer, 0))) }
        return texts
    }
}

/// A prepared statement of a ``BareDatabase``.
final class BareStatement {
    let pointer: OpaquePointer
    private let database: BareDatabase

    init(_ pointer: OpaquePointer, of database: BareDatabase) {
        self.pointer = pointer
        self.database = database
    }

    deinit { sqlite3_finalize(pointer) }

    /// Whether there is a row.
    func step() throws(LoadTestError) -> Bool {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw database.failure(String(cString: sqlite3_sql(pointer)))
        }
    }

    func reset() { sqlite3_reset(pointer) }
}

/// Writes rows of the index's table.
struct BareWriter {
    private let database: BareDatabase
    private let upsert: BareStatement

    init(_ database: BareDatabase) throws(LoadTestError) {
        self.database = database
        let key: Set = ["source", "patient", "type", "id"]
        let marks = BareRows.columns.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
        let facts = BareRows.columns.filter { !key.contains($0) }.map { "\($0) = excluded.\($0)" }
        upsert = try database.prepare(
            """
            INSERT INTO entry (\(BareRows.columns.joined(separator: ", "))) VALUES (\(marks))
            ON CONFLICT (patient, source, type, id) DO UPDATE SET \(facts.joined(separator: ", "))
            """)
    }

    /// Upserts the rows in one transaction.
    func write(_ rows: BareRows) throws {
        try database.execute("BEGIN IMMEDIATE")
        try rows.texts.withUnsafeBytes { texts in
            var parameter: Int32 = 0
            for value in rows.values {
                parameter += 1
                bind(value, texts, at: parameter)
                guard parameter == BareRows.columns.count else { continue }
                _ = try upsert.step()
                upsert.reset()
                parameter = 0
            }
        }
        try database.execute("COMMIT")
    }

    private func bind(_ value: BareRows.Value, _ texts: UnsafeRawBufferPointer, at index: Int32) {
        switch value {
        case .null: sqlite3_bind_null(upsert.pointer, index)
        case .integer(let integer): sqlite3_bind_int64(upsert.pointer, index, integer)
        case .text(let offset, let count):
            let start = texts.baseAddress?.advanced(by: offset).assumingMemoryBound(to: CChar.self)
            sqlite3_bind_text(upsert.pointer, index, start, Int32(count), nil)
        }
    }
}

/// Reads the rows of a patient.
struct BareReader {
    /// What reading came to: so that the rows are known to be the same, and that every column was read.
    struct Read: Equatable {
        var rows = 0
        var bytes = 0
    }

    private let select: BareStatement
    private let columns: Int32

    init(_ database: BareDatabase) throws(LoadTestError) {
        select = try database.prepare("SELECT * FROM entry WHERE patient = ?")
        columns = sqlite3_column_count(select.pointer)
    }

    /// Reads every column of every row.
    func read(_ patient: NHSNumber) throws(LoadTestError) -> Read {
        defer { select.reset() }
        sqlite3_bind_int64(select.pointer, 1, patient.value)
        var read = Read()
        while try select.step() {
            read.rows += 1
            for column in 0..<columns {
                if sqlite3_column_type(select.pointer, column) == SQLITE_INTEGER {
                    _ = sqlite3_column_int64(select.pointer, column)
                } else if sqlite3_column_text(select.pointer, column) != nil {
                    read.bytes += Int(sqlite3_column_bytes(select.pointer, column))
                }
            }
        }
        return read
    }
}
