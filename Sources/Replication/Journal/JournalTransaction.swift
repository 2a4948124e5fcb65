package import CareRecord

/// A row of the journal: the latest change of one entry.
package struct JournalRow: Sendable, Hashable {
    package let seq: Int64
    package let key: EntryKey
    package let isPut: Bool
    /// `ChangeLine.content`.
    package let content: [UInt8]

    package init(seq: Int64, key: EntryKey, isPut: Bool, content: [UInt8]) {
        self.seq = seq
        self.key = key
        self.isPut = isPut
        self.content = content
    }
}

/// Where a journal's rows are kept within one transaction: SQLite, or a simulated disk.
package protocol JournalRows {
    /// The rows of a resource, one for each patient it was ever indexed under.
    func rows(of resource: ResourceKey) throws -> [JournalRow]
    mutating func insert(_ row: JournalRow) throws
    mutating func remove(seq: Int64) throws
}

/// What a submission does to the journal: gives out numbers, keeps the latest change of every entry, and the digest.
/// `head` and `digest` are to be kept in the same transaction as the rows.
package struct JournalTransaction<Rows: JournalRows> {
    package private(set) var head: Int64
    package private(set) var digest: BucketDigest
    package private(set) var rows: Rows

    package init(head: Int64, digest: BucketDigest, rows: Rows) {
        self.head = head
        self.digest = digest
        self.rows = rows
    }

    /// Makes `facts` under `patient` the one live entry of `resource`, or none where either is `nil`. What stands
    /// already is left alone; what changes gets the next number.
    package mutating func set(_ resource: ResourceKey, patient: NHSNumber?, facts: Facts?) throws {
        let wanted = patient.flatMap { patient in
            facts.map { Wanted(key: EntryKey(patient: patient, resource: resource), facts: $0) }
        }
        var stands = false
        for row in try rows.rows(of: resource) {
            if let wanted, wanted.key == row.key {
                stands = true
                if !row.isPut || row.content != wanted.content {
                    try remove(row)
                    try put(wanted)
                }
            } else if row.isPut {
                try remove(row)
                try withdraw(row.key)
            }
        }
        if let wanted, !stands { try put(wanted) }
    }

    private struct Wanted {
        let key: EntryKey
        let facts: Facts
        let content: [UInt8]

        init(key: EntryKey, facts: Facts) {
            self.key = key
            self.facts = facts
            content = ChangeLine.content(key, .put(facts))
        }
    }

    private mutating func put(_ wanted: Wanted) throws {
        head += 1
        try rows.insert(JournalRow(seq: head, key: wanted.key, isPut: true, content: wanted.content))
        digest.toggle(wanted.key.patient, hash: EntryHash.of(wanted.key, seq: head, wanted.facts))
    }

    private mutating func withdraw(_ key: EntryKey) throws {
        head += 1
        let content = ChangeLine.content(key, .withdraw)
        try rows.insert(JournalRow(seq: head, key: key, isPut: false, content: content))
    }

    private mutating func remove(_ row: JournalRow) throws {
        try rows.remove(seq: row.seq)
        if let hash = try row.hash { digest.toggle(row.key.patient, hash: hash) }
    }
}

extension JournalRow {
    /// The hash under which the digest counts the row; `nil` for a withdrawal, which it does not count.
    package var hash: UInt64? {
        get throws(Rejection) {
            guard isPut else { return nil }
            var line: [UInt8] = []
            content.withUnsafeBytes { ChangeLine.append(seq: seq, content: $0, to: &line) }
            guard case .put(let facts) = try ChangeLine.read(line.dropLast()).effect else { return nil }
            return EntryHash.of(key, seq: seq, facts)
        }
    }
}
