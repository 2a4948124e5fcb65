import CareRecord
import Replication

/// A journal's rows on a simulated disk.
struct MemoryJournal: JournalRows {
    /// In order of seq.
    private(set) var rows: [JournalRow] = []

    func rows(of resource: ResourceKey) -> [JournalRow] { rows.filter { $0.key.resource == resource } }

    mutating func insert(_ row: JournalRow) { rows.append(row) }

    mutating func remove(seq: Int64) { rows.removeAll { $0.seq == seq } }
}

/// An HIE's own records on a simulated disk: every commit is synced.
struct MemoryRecords {
    var state: JournalState
    var journal = MemoryJournal()

    /// Makes `facts` under `patient` what the resource says.
    mutating func set(_ resource: ResourceKey, patient: NHSNumber?, facts: Facts?) throws {
        var transaction = JournalTransaction(head: state.head, digest: state.digest, rows: journal)
        try transaction.set(resource, patient: patient, facts: facts)
        journal = transaction.rows
        state.head = transaction.head
        state.digest = transaction.digest
    }

    func page(_ stretch: JournalStretch, limits: PageLimits) -> JournalPage {
        var page = JournalPageBuilder(stretch, limits: limits, epoch: state.epoch, head: state.head)
        for row in journal.rows where row.seq > stretch.after {
            let goesOn = row.content.withUnsafeBytes {
                page.add(seq: row.seq, patient: row.key.patient, isPut: row.isPut, content: $0)
            }
            if !goesOn { break }
        }
        return page.page()
    }
}
