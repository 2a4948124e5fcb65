import CareRecord
import LoadTest
import Replication
import TestSupport
import Testing

@testable import Storage

@Suite("Journal file") struct JournalFileTests {
    private let now = Timestamp(milliseconds: 1_767_225_600_000)
    private let barts = HIEIdentifier("barts")!  // a well-formed constant

    @Test("promise P2: the same operations give the same rows, head and digest in SQLite as in memory")
    func sameAsMemory() async throws {
        for seed in UInt64(0)..<4 {
            let directory = try TemporaryDirectory()
            let path = directory.file("records.sqlite")
            var store = try RecordStore(path: path, shares: [:], now: now)
            var random = SplitMix64(seed: seed)
            var memory = JournalTransaction(head: 0, digest: BucketDigest(), rows: MemoryJournal())
            for round in 0..<25 {
                let operations = (0..<random.within(1...8)).map { _ in SampleOperation(using: &random) }
                for operation in operations {
                    try memory.set(operation.resource, patient: operation.patient, facts: operation.facts)
                }
                try await set(operations, in: store)
                if round == 12 { store = try RecordStore(path: path, shares: [:], now: now) }
                let state = try await store.journalState()
                #expect(state.head == memory.head, "seed \(seed), round \(round)")
                #expect(state.digest == memory.digest, "seed \(seed), round \(round)")
                #expect(try await rows(of: store) == memory.rows.rows, "seed \(seed), round \(round)")
            }
            #expect(try memory.rows.digest() == memory.digest)
        }
    }

    @Test("pages from SQLite are those from memory, for every stretch and filter") func pages() async throws {
        let directory = try TemporaryDirectory()
        let store = try RecordStore(path: directory.file("records.sqlite"), shares: [:], now: now)
        var random = SplitMix64(seed: 9)
        var source = SampleSource(barts, epoch: store.epoch)
        var operations: [SampleOperation] = []
        for _ in 0..<40 {
            var same = random
            try source.change(using: &random)
            operations.append(SampleOperation(using: &same))
        }
        try await set(operations, in: store)
        for _ in 0..<300 {
            let after = Int64(random.below(Int(source.head) + 3))
            let buckets = random.chance(percent: 50) ? nil : BucketSet((0..<100).map { _ in random.below(256) })
            let stretch = JournalStretch(
                after: after, through: random.chance(percent: 30) ? nil : after + Int64(random.below(30)),
                buckets: buckets)
            let limits = PageLimits(changesMax: random.within(1...20), bytesMax: random.within(1...3000))
            #expect(
                try await store.journalPage(stretch, limits: limits) == source.page(stretch, limits: limits))
        }
    }

    private func set(_ operations: [SampleOperation], in store: RecordStore) async throws {
        try await store.file.write { database in
            var journal = try JournalTransaction(database)
            for operation in operations {
                try journal.set(operation.resource, patient: operation.patient, facts: operation.facts)
            }
            try journal.save(in: database)
        }
    }

    private func rows(of store: RecordStore) async throws -> [JournalRow] {
        try await store.file.read { database in
            var rows: [JournalRow] = []
            let select = try PreparedStatement(
                database, "SELECT seq, type, id, patient, isPut, content FROM journal ORDER BY seq")
            try select.each { row in
                guard let type = row.text(1), let id = row.text(2), let resource = ResourceKey(type: type, id: id),
                    let patient = NHSNumber(value: row.int(3))
                else { return false }
                rows.append(
                    JournalRow(
                        seq: row.int(0), key: EntryKey(patient: patient, resource: resource), isPut: row.int(4) == 1,
                        content: row.bytes(5)))
                return true
            }
            return rows
        }
    }
}
