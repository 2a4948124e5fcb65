import CareRecord
import Glibc
import Replication
import Storage

/// Writes a patient's entries as JSON straight from the rows of the index: the members are those that
/// `JSONWriter.members(of:)` gives an `IndexedEntry`, without making one.
struct RecordWriter {
    /// Where an entry's text is, and what its place in the record depends on.
    private struct Entry {
        let rank: Int
        let date: Range<Int>
        let source: HIEIdentifier
        let text: Range<Int>
    }

    private static let bytesUsual = 8192
    private static let entriesUsual = 32

    private let categories: Set<Category>?
    /// The entries' objects one after the other, as they come.
    private var text = JSONWriter(capacity: bytesUsual)
    private var entries: [Entry] = []
    private var demographics: [(source: HIEIdentifier, demographics: Demographics)] = []

    /// Entries of other categories are left out, and nothing where `categories` is `nil`.
    init(_ categories: Set<Category>?) {
        self.categories = categories
        entries.reserveCapacity(Self.entriesUsual)
    }

    var byteCount: Int { text.count }

    /// Rows come by source, type and id. Returns `false` for one that cannot be read.
    mutating func take(_ row: borrowing EntryRow) -> Bool {
        if let kept = row.bytes(.demographics) {
            guard let read = try? Demographics(JSON.parse(Array(kept))) else { return false }
            demographics.append((row.source, read))
        }
        guard categories?.contains(row.category) ?? true else { return true }
        let start = text.beginObject()
        text.member("source", row.source.text)
        text.member("category", row.category.rawValue)
        text.member("resource", utf8: row.type, slash: row.id)
        text.member("code", utf8: row.bytes(.code))
        text.member("system", utf8: row.bytes(.system))
        text.member("display", utf8: row.bytes(.display))
        text.member("status", utf8: row.bytes(.status))
        text.member("date", utf8: row.bytes(.date))
        // Without the quotation mark that ends it, of the bytes that were just written.
        let date = text.count - 1 - (row.bytes(.date)?.count ?? 0)..<text.count - 1
        text.member("seq", row.seq)
        text.endObject()
        entries.append(Entry(rank: row.category.rank, date: date, source: row.source, text: start..<text.count))
        return true
    }

    /// Members `demographics`, in the order of the sources' names, and `entries`: by category, then the newest first;
    /// what has no date comes last.
    mutating func write(to json: inout JSONWriter) {
        demographics.sort { $0.source < $1.source }
        json.array("demographics") { json in
            for (source, demographics) in demographics { json.object { $0.members(of: demographics, source) } }
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
            entries.indices.sorted { left, right in
                let (one, other) = (entries[left], entries[right])
                if one.rank != other.rank { return one.rank < other.rank }
                let dates = Self.compare(bytes[one.date], bytes[other.date])
                if dates != 0 { return dates > 0 }
                if one.source != other.source { return one.source < other.source }
                return left < right
            }
        }
    }

    /// As `memcmp`, and the longer one of two that begin alike is the greater.
    private static func compare(_ one: Slice<UnsafeRawBufferPointer>, _ other: Slice<UnsafeRawBufferPointer>) -> Int {
        let (one, other) = (UnsafeRawBufferPointer(rebasing: one), UnsafeRawBufferPointer(rebasing: other))
        guard let start = one.baseAddress, let otherStart = other.baseAddress else { return one.count - other.count }
        let order = memcmp(start, otherStart, min(one.count, other.count))
        return order != 0 ? Int(order) : one.count - other.count
    }
}
