import CareRecord
import Glibc
import Replication

/// Makes entries of the rows of one patient. Neighbouring rows say much the same, and what a row has in common with the
/// one before is not made again.
struct EntryDecoder {
    private var type = Remembered<String>()
    private var system = Remembered<String>()
    private var status = Remembered<String>()

    /// `nil` where the row is none that was ever written.
    mutating func entry(_ row: borrowing EntryRow) -> IndexedEntry? {
        guard let type = type.read(row.type, { $0 }),
            let resource = ResourceKey(type: type, id: String(decoding: row.id, as: UTF8.self))
        else { return nil }
        var demographics: Demographics?
        if let json = row.bytes(.demographics) {
            guard let read = try? Demographics(JSON.parse(Array(json))) else { return nil }
            demographics = read
        }
        let facts = Facts(
            category: row.category, code: Self.text(row, .code),
            system: row.bytes(.system).flatMap { system.read($0) { $0 } }, display: Self.text(row, .display),
            status: row.bytes(.status).flatMap { status.read($0) { $0 } }, date: Self.text(row, .date),
            demographics: demographics)
        return IndexedEntry(source: row.source, resource: resource, seq: row.seq, facts: facts)
    }

    private static func text(_ row: borrowing EntryRow, _ column: EntryRow.Column) -> String? {
        row.bytes(column).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// A text as it was last read, and what was made of it.
struct Remembered<Value> {
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
