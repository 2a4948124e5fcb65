package import CareRecord
package import Replication

/// A journal's rows in memory, to compare with those of SQLite.
package struct MemoryJournal: JournalRows {
    package private(set) var bySeq: [Int64: JournalRow] = [:]

    package init() {}

    package func rows(of resource: ResourceKey) -> [JournalRow] {
        bySeq.values.filter { $0.key.resource == resource }.sorted { $0.key.patient < $1.key.patient }
    }

    package mutating func insert(_ row: JournalRow) {
        precondition(bySeq[row.seq] == nil, "a number is given out once")
        precondition(!bySeq.values.contains { $0.key == row.key }, "the journal keeps one row an entry")
        bySeq[row.seq] = row
    }

    package mutating func remove(seq: Int64) {
        bySeq[seq] = nil
    }

    /// In order of seq.
    package var rows: [JournalRow] { bySeq.values.sorted { $0.seq < $1.seq } }

    /// What the rows say the digest is.
    package func digest() throws -> BucketDigest {
        var digest = BucketDigest()
        for row in bySeq.values {
            if let hash = try row.hash { digest.toggle(row.key.patient, hash: hash) }
        }
        return digest
    }
}
