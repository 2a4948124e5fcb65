import GRDB
import GRDBSQLite

/// A statement on a hot path: bound and stepped through SQLite itself, without a box for each value.
///
/// It is valid inside the transaction that prepared it; parameters and columns count as SQLite counts them (1 …, 0 …).
struct PreparedStatement {
    private let statement: Statement
    private var pointer: OpaquePointer { statement.sqliteStatement }

    init(_ database: Database, _ sql: String) throws {
        statement = try database.cachedStatement(sql: sql)
        sqlite3_reset(statement.sqliteStatement)
        sqlite3_clear_bindings(statement.sqliteStatement)
    }

    func bind(_ value: Int64?, at index: Int32) {
        if let value {
            sqlite3_bind_int64(pointer, index, value)
        } else {
            sqlite3_bind_null(pointer, index)
        }
    }

    func bind(_ text: String?, at index: Int32) {
        guard var text else {
            sqlite3_bind_null(pointer, index)
            return
        }
        text.withUTF8 { bytes in bind(text: UnsafeRawBufferPointer(bytes), at: index) }
    }

    /// Binds without a copy of SQLite's own: the text is kept in `texts` until that is emptied, which is to be after
    /// the statement has run.
    func bind(_ text: String?, keptIn texts: BoundTexts, at index: Int32) {
        guard var text else {
            sqlite3_bind_null(pointer, index)
            return
        }
        text.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            guard let kept = texts.keep(bytes) else { return bind(text: bytes, at: index) }
            sqlite3_bind_text(pointer, index, kept.assumingMemoryBound(to: CChar.self), Int32(bytes.count), nil)
        }
    }

    func bind(text bytes: [UInt8], at index: Int32) {
        bytes.withUnsafeBytes { bind(text: $0, at: index) }
    }

    func bind(blob bytes: [UInt8], at index: Int32) {
        _ = bytes.withUnsafeBytes { buffer in
            sqlite3_bind_blob64(
                pointer, index, buffer.baseAddress ?? Self.nowhere, UInt64(buffer.count), Self.transient)
        }
    }

    /// Runs a statement that returns no row.
    func run() throws {
        defer { sqlite3_reset(pointer) }
        try check(sqlite3_step(pointer), is: SQLITE_DONE)
    }

    /// Reads the first row, `nil` where there is none.
    func first<Value>(_ read: (borrowing PreparedStatement) throws -> Value) throws -> Value? {
        defer { sqlite3_reset(pointer) }
        let code = sqlite3_step(pointer)
        if code == SQLITE_ROW { return try read(self) }
        try check(code, is: SQLITE_DONE)
        return nil
    }

    /// Reads row after row until `read` returns `false` or there are no more.
    func each(_ read: (borrowing PreparedStatement) throws -> Bool) throws {
        defer { sqlite3_reset(pointer) }
        while true {
            let code = sqlite3_step(pointer)
            guard code == SQLITE_ROW else { return try check(code, is: SQLITE_DONE) }
            guard try read(self) else { return }
        }
    }

    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(pointer, column) }

    func optionalInt(_ column: Int32) -> Int64? { isNull(column) ? nil : int(column) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(pointer, column) == SQLITE_NULL }

    func text(_ column: Int32) -> String? {
        sqlite3_column_text(pointer, column).map {
            String(
                decoding: UnsafeBufferPointer(start: $0, count: Int(sqlite3_column_bytes(pointer, column))),
                as: UTF8.self)
        }
    }

    func bytes(_ column: Int32) -> [UInt8] {
        withBytes(column) { Array($0) }
    }

    /// The bytes of a text or blob, valid during `body`.
    func withBytes<Value>(_ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        let start = sqlite3_column_blob(pointer, column)
        return try body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(pointer, column))))
    }

    private func bind(text bytes: UnsafeRawBufferPointer, at index: Int32) {
        let start = (bytes.baseAddress ?? Self.nowhere).assumingMemoryBound(to: CChar.self)
        sqlite3_bind_text64(pointer, index, start, UInt64(bytes.count), Self.transient, UInt8(SQLITE_UTF8))
    }

    private func check(_ code: Int32, is expected: Int32) throws {
        guard code == expected else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    }

    /// SQLite's `SQLITE_TRANSIENT`: it copies what is bound.
    private static var transient: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    /// Where an empty text or blob "is": a null pointer would bind NULL.
    private static var nowhere: UnsafeRawPointer { UnsafeRawPointer(bitPattern: 1)! }  // a constant that is not zero
}
