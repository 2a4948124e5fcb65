import CareRecord
import Glibc
import Replication
import Storage

/// Writes a patient's entries as JSON straight from the rows of the index: the members are those that
/// `JSONWriter.members(of:)` gives an `IndexedEntry`, without making one.
struct RecordWriter {
    /// Where an entry's text is, and what its place in the record depends on.
    private struct Entry {
        /// The category's rank and, upside down, how the date begins: the less comes first.
        let key: UInt64
        let date: Range<Int>
        /// Its place among the sources.
        let source: Int
        let text: Range<Int>
    }

    private static let bytesUsual = 8192
    private static let entriesUsual = 32

    private let categories: Set<Category>?
    /// The entries' objects one after the other, as they come.
    private var text = JSONWriter(capacity: bytesUsual)
    private var entries: [Entry] = []
    /// As they come.
    private var sources: [HIEIdentifier] = []
    /// Objects one after the other, as they come.
    private var people = JSONWriter(capacity: bytesUsual / 8)
    private var demographics: [(source: HIEIdentifier, text: Range<Int>)] = []

    /// Entries of other categories are left out, and nothing where `categories` is `nil`.
    init(_ categories: Set<Category>?) {
        self.categories = categories
        entries.reserveCapacity(Self.entriesUsual)
    }

    var byteCount: Int { text.count + people.count }

    /// Rows come by source, type and id. Returns `false` for one that cannot be read.
    mutating func take(_ row: borrowing EntryRow) -> Bool {
        if let kept = row.bytes(.demographics), !take(demographics: kept, of: row.source) { return false }
        guard categories?.contains(row.category) ?? true else { return true }
        let start = text.beginObject()
        text.member("source", row.source.text)
        text.member("category", row.category.rawValue)
        text.member("resource", utf8: row.type, slash: row.id)
        text.member("code", utf8: row.bytes(.code))
        text.member("system", utf8: row.bytes(.system))
        text.member("display", utf8: row.bytes(.display))
        text.member("status", utf8: row.bytes(.status))
        let date = row.bytes(.date)
        text.member("date", utf8: date)
        // Of the bytes that were just written: without the quotation mark that ends it.
        let place = text.count - 1 - (date?.count ?? 0)..<text.count - 1
        text.member("seq", row.seq)
        text.endObject()
        if sources.last != row.source { sources.append(row.source) }
        entries.append(
            Entry(
                key: UInt64(row.category.rank) << 56 | ~Self.head(date) >> 8, date: place,
                source: sources.count - 1, text: start..<text.count))
        return true
    }

    /// As the index keeps them (``Demographics/indexed``) they can be told, but for those without given names, which
    /// have no list there.
    private mutating func take(demographics kept: UnsafeRawBufferPointer, of source: HIEIdentifier) -> Bool {
        let isWhole = JSON.isPlainObjectWithList(kept)
        let read = isWhole ? nil : try? Demographics(JSON.parse(Array(kept)))
        guard isWhole || read != nil else { return false }
        let start = people.beginObject()
        if let read {
            people.members(of: read, source)
        } else {
            people.member("source", source.text)
            people.members(raw: kept)
        }
        people.endObject()
        demographics.append((source, start..<people.count))
        return true
    }

    /// Members `demographics`, in the order of the sources' names, and `entries`: by category, then the newest first;
    /// what has no date comes last.
    mutating func write(to json: inout JSONWriter) {
        demographics.sort { $0.source < $1.source }
        json.array("demographics") { json in
            people.withBytes { bytes in
                for (_, text) in demographics { json.element(raw: UnsafeRawBufferPointer(rebasing: bytes[text])) }
            }
        }
        let order = order
        json.array("entries") { json in
            text.withBytes { bytes in
                for place in order { json.element(raw: UnsafeRawBufferPointer(rebasing: bytes[entries[place].text])) }
            }
        }
    }

    private var order: [Int] {
        text.withBytes { bytes in
            entries.withUnsafeBufferPointer { entries in
                entries.indices.sorted { left, right in
                    // In place: what decides most often is two numbers.
                    if entries[left].key != entries[right].key { return entries[left].key < entries[right].key }
                    let dates = Self.compare(bytes[entries[left].date], bytes[entries[right].date])
                    if dates != 0 { return dates > 0 }
                    let (one, other) = (entries[left].source, entries[right].source)
                    return one != other ? sources[one] < sources[other] : left < right
                }
            }
        }
    }

    /// The first seven bytes of a date, the first of them highest, above a byte that is 0: later dates are greater.
    private static func head(_ date: UnsafeRawBufferPointer?) -> UInt64 {
        guard let date else { return 0 }
        var head: UInt64 = 0
        for place in 0..<7 { head = (head | (place < date.count ? UInt64(date[place]) : 0)) << 8 }
        return head
    }

    /// As `memcmp`, and the longer one of two that begin alike is the greater.
    private static func compare(_ one: Slice<UnsafeRawBufferPointer>, _ other: Slice<UnsafeRawBufferPointer>) -> Int {
        let (one, other) = (UnsafeRawBufferPointer(rebasing: one), UnsafeRawBufferPointer(rebasing: other))
        guard let start = one.baseAddress, let otherStart = other.baseAddress else { return one.count - other.count }
        let order = memcmp(start, otherStart, min(one.count, other.count))
        return order != 0 ? Int(order) : one.count - other.count
    }
}
