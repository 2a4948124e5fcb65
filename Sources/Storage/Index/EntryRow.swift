package import CareRecord
import GRDBSQLite

/// One row of a patient's record as SQLite holds it, for whoever needs its texts once and makes nothing else of them.
///
/// It is valid, and so are the bytes that it gives, within the call that it is handed to.
package struct EntryRow: ~Copyable {
    /// A text of the row that may be missing.
    package enum Column: Int32, Sendable, CaseIterable {
        case code = 5
        case system = 6
        case display = 7
        case status = 8
        case date = 9
        /// JSON; only for category `demographics`.
        case demographics = 10
    }

    static let columns = "source, type, id, seq, category, code, system, display, status, date, demographics"

    package let source: HIEIdentifier
    package let category: Category
    package let type: UnsafeRawBufferPointer
    package let id: UnsafeRawBufferPointer
    private let row: OpaquePointer

    /// The row at which the statement stands; `nil` where it is none that was ever written.
    init?(_ row: OpaquePointer, of source: HIEIdentifier, _ categories: inout Remembered<Category>) {
        guard let type = Self.bytes(row, 1), let id = Self.bytes(row, 2),
            let category = Self.bytes(row, 4).flatMap({ categories.read($0) { Category(rawValue: $0) } })
        else { return nil }
        self.source = source
        self.category = category
        self.type = type
        self.id = id
        self.row = row
    }

    package var seq: Int64 { sqlite3_column_int64(row, 3) }

    /// UTF-8; `nil` for NULL.
    package func bytes(_ column: Column) -> UnsafeRawBufferPointer? { Self.bytes(row, column.rawValue) }

    private static func bytes(_ row: OpaquePointer, _ column: Int32) -> UnsafeRawBufferPointer? {
        guard let start = sqlite3_column_text(row, column) else { return nil }
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(row, column)))
    }
}
