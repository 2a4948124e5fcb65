import CareRecord
import Replication
import Storage

@testable import Worker

extension RunningGateway {
    /// Puts entries into the index as if they had come from that HIE's broker. Not from the own HIE: what the index holds
    /// of that follows its journal.
    func index(_ hie: String, _ entries: [(resource: String, facts: Facts)], of number: String = Samples.number)
        async throws
    {
        let source = HIEIdentifier(hie)!  // the tests name HIEs that exist
        precondition(source != worker.hie, "own entries come from the own journal")
        let patient = NHSNumber(number)!  // of the test range
        let epoch = Epoch("2026-01-01T00:00:00.000Z-00000001")!  // a well-formed constant
        let after = worker.coverageBoard.progress(of: source)?.applied.watermark ?? 0
        let changes = entries.enumerated().map { index, entry in
            Change(
                seq: after + Int64(index + 1),
                key: EntryKey(patient: patient, resource: ResourceKey(reference: entry.resource)!),  // a constant
                effect: .put(entry.facts))
        }
        let batch = ChangeBatch(
            source: source, epoch: epoch, after: after, through: after + Int64(changes.count), changes: changes)
        try await worker.keeper.write { index throws(StorageError) in
            worker.coverageBoard.advanced(try await index.apply([batch]).sources, at: worker.clock.now)
        }
    }

    /// A Patient at that HIE.
    func indexPatient(_ hie: String, id: String, family: String = "Example", of number: String = Samples.number)
        async throws
    {
        let facts = Facts(
            category: .demographics,
            demographics: Demographics(
                family: family, given: ["Ada"], birthDate: "1980-02-03", gender: "female"))
        try await index(hie, [("Patient/\(id)", facts)], of: number)
    }
}
