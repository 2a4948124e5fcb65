package import CareRecord
import GRDB
import Replication

/// An entry as a lookup shows it.
package struct IndexedEntry: Sendable, Hashable {
    package let source: HIEIdentifier
    package let resource: ResourceKey
    package let seq: Int64
    package let facts: Facts

    package init(source: HIEIdentifier, resource: ResourceKey, seq: Int64, facts: Facts) {
        self.source = source
        self.resource = resource
        self.seq = seq
        self.facts = facts
    }
}

extension IndexStore {
    /// A patient with more entries than this is shown the first so many of each source's order: a limit for the memory
    /// of one lookup, not one that a real record reaches.
    package static let lookupEntriesMax = 100_000

    /// All entries of the patient, by source and resource type. Reads this file and nothing else (promise P4).
    package func entries(of patient: NHSNumber) async throws(StorageError) -> [IndexedEntry] {
        // A short record takes less time than another thread takes to wake.
        if let entries = lookups.entries(of: patient) { return entries }
        return try await file.read { database in
            try Self.entries(of: patient, try PreparedStatement(database, Self.select("")))
        }
    }

    /// Hands the patient's rows to `take` on the calling thread, by source and resource type, until it returns `false`.
    /// Returns `false` where these were not all, because the record is long, the file busy or not as it should be: then
    /// what was taken is to be forgotten and ``entries(of:)`` to be asked.
    package func rows(of patient: NHSNumber, _ take: (borrowing EntryRow) -> Bool) -> Bool {
        lookups.rows(of: patient, take)
    }

    /// What `body` makes of each patient's entries in these categories, in the order of `patients` and all of one
    /// snapshot. One patient's entries are in memory at a time. Reads this file and nothing else (promise P4).
    package func survey<Value: Sendable>(
        _ patients: [NHSNumber], _ categories: Set<Category>,
        _ body: @escaping @Sendable (_ place: Int, [IndexedEntry]) -> Value
    ) async throws(StorageError) -> [Value] {
        try await file.read { database in
            let list = categories.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
            let select = try PreparedStatement(database, Self.select("AND category IN (\(list))"))
            return try patients.enumerated().map { place, patient in
                body(place, try Self.entries(of: patient, select))
            }
        }
    }

    private static func select(_ condition: String) -> String {
        """
        SELECT \(IndexedEntry.columns)
        FROM entry JOIN source ON source.id = entry.source WHERE patient = ? \(condition)
        LIMIT \(lookupEntriesMax)
        """
    }

    private static func entries(of patient: NHSNumber, _ select: PreparedStatement) throws -> [IndexedEntry] {
        select.bind(patient.value, at: 1)
        var entries: [IndexedEntry] = []
        try select.each { row in
            entries.append(try IndexedEntry(row))
            return true
        }
        return entries
    }
}

extension IndexedEntry {
    /// Of entry joined with source.
    static let columns = "hie, type, entry.id, seq, category, code, system, display, status, date, demographics"
    /// How many these are.
    static let columnCount: Int32 = 11

    init(_ row: borrowing PreparedStatement) throws {
        guard let source = row.text(0).flatMap({ HIEIdentifier($0) }), let type = row.text(1), let id = row.text(2),
            let resource = ResourceKey(type: type, id: id), let facts = Facts(row, from: 4)
        else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
        self.init(source: source, resource: resource, seq: row.int(3), facts: facts)
    }
}
