import CareRecord
import GRDBSQLite
import Glibc
import Replication

/// Makes entries of the rows of one patient. Neighbouring rows say much the same, and what a row has in common with the
/// one before is not made again.
struct EntryDecoder {
    static let columns = "source, type, id, seq, category, code, system, display, status, date, demographics"

    /// A text as it was last read, and what was made of it.
    private struct Remembered<Value> {
        private var bytes: [UInt8] = []
        private var value: Value?

        /// `nil` where `make` has nothing to make of it.
        mutating func read(_ text: UnsafeRawBufferPointer, _ make: (String) -> Value?) -> Value? {
            if let value, isSame(text) { return value }
            value = make(String(decoding: text, as: UTF8.self))
            bytes = Array(text)
            return value
        }

        private func isSame(_ text: UnsafeRawBufferPointer) -> Bool {
            guard bytes.count == text.count, let start = text.baseAddress else { return false }
            return bytes.withUnsafeBytes { memcmp($0.baseAddress ?? start, start, text.count) == 0 }
        }
    }

    private var type = Remembered<String>()
    private var category = Remembered<Category>()
    private var system = Remembered<String>()
    private var status = Remembered<String>()

    /// The row at which the statement stands; `nil` where it is none that was ever written.
    mutating func entry(_ row: OpaquePointer, of source: HIEIdentifier) -> IndexedEntry? {
        guard let typeBytes = Self.bytes(row, 1), let idBytes = Self.bytes(row, 2),
            let type = type.read(typeBytes, { $0 }),
            let resource = ResourceKey(type: type, id: String(decoding: idBytes, as: UTF8.self)),
            let categoryBytes = Self.bytes(row, 4),
            let category = category.read(categoryBytes, { Category(rawValue: $0) })
        else { return nil }
        var demographics: Demographics?
        if let json = Self.bytes(row, 10) {
            guard let read = try? Demographics(JSON.parse(Array(json))) else { return nil }
            demographics = read
        }
        let facts = Facts(
            category: category, code: Self.text(row, 5), system: Self.bytes(row, 6).flatMap { system.read($0) { $0 } },
            display: Self.text(row, 7), status: Self.bytes(row, 8).flatMap { status.read($0) { $0 } },
            date: Self.text(row, 9), demographics: demographics)
        return IndexedEntry(source: source, resource: resource, seq: sqlite3_column_int64(row, 3), facts: facts)
    }

    private static func text(_ row: OpaquePointer, _ column: Int32) -> String? {
        bytes(row, column).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of a text, until the next step; `nil` for NULL.
    private static func bytes(_ row: OpaquePointer, _ column: Int32) -> UnsafeRawBufferPointer? {
        guard let start = sqlite3_column_text(row, column) else { return nil }
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(row, column)))
    }
}
