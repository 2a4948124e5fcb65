import CareRecord
import Foundation
import Glibc
import LoadTest
import NIOConcurrencyHelpers
import Replication
import TestSupport
import Testing

@testable import Storage

private let barts = HIEIdentifier("barts")!  // a well-formed constant
private let kingston = HIEIdentifier("kingston")!  // a well-formed constant
private let patient = FHIRFixture.number(1)
private let epoch = Epoch("2026-01-01T00:00:00.000Z-00000001")!  // a well-formed constant

private func put(_ seq: Int64, _ reference: String, _ facts: Facts) -> Change {
    Change(
        seq: seq, key: EntryKey(patient: patient, resource: ResourceKey(reference: reference)!),  // a constant
        effect: .put(facts))
}

/// A record with `count` conditions.
private func batch(_ count: Int) -> ChangeBatch {
    ChangeBatch(
        source: barts, epoch: epoch, after: 0, through: Int64(count),
        changes: (1...count).map { put(Int64($0), "Condition/c\($0)", Facts(category: .condition, code: "\($0)")) })
}

@Suite("Lookup on the caller's thread") struct LookupReadersTests {
    private let directory: TemporaryDirectory
    private let store: IndexStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try IndexStore(path: directory.file("index.sqlite"))
    }

    @Test("promise P4: what it reads is what the pool reads, whatever a row has or lacks and the one before had")
    func sameAsPool() async throws {
        let demographics = Demographics(
            family: "Ødegård", given: ["Anna", "王"], birthDate: "1970-01-01", gender: "female", postalCode: "E1 1AA")
        let snomed = "http://snomed.info/sct"
        let full = Facts(
            category: .condition, code: "195967001", system: snomed, display: "Asthma", status: "active",
            date: "2024-02-29T10:00:00+00:00")
        let changes = [
            put(1, "AllergyIntolerance/a", Facts(category: .allergy)), put(2, "Condition/a", full),
            put(3, "Condition/b", Facts(category: .condition, code: "", system: "", display: "", status: "", date: "")),
            put(4, "Condition/c", Facts(category: .condition, system: snomed, status: "activ")),
            put(5, "Patient/p", Facts(category: .demographics, demographics: demographics)),
        ]
        _ = try await store.apply([
            ChangeBatch(source: barts, epoch: epoch, after: 0, through: 5, changes: changes),
            ChangeBatch(source: kingston, epoch: epoch, after: 0, through: 2, changes: Array(changes[..<2])),
        ])
        let read = try #require(store.lookups.entries(of: patient))
        let pooled = try await store.survey([patient], Set(Category.allCases)) { $1 }
        #expect(read.count == 7 && [read] == pooled)
        var rows: [IndexedEntry] = []
        var decoder = EntryDecoder()
        #expect(
            store.rows(of: patient) { row in
                rows += [decoder.entry(row)].compactMap(\.self)
                return true
            })
        #expect(rows == read)
        #expect(Set(read.map(\.source)) == [barts, kingston])
        #expect(read.first { $0.resource.type == "Patient" }?.facts.demographics == demographics)
        #expect(store.lookups.entries(of: FHIRFixture.number(2)) == [])
    }

    @Test("what is committed is read by the next lookup")
    func fresh() async throws {
        for count in 1...3 {
            _ = try await store.apply([batch(count)])
            #expect(store.lookups.entries(of: patient)?.count == count)
        }
    }

    @Test("snapshots that lookups keep do not keep the log from beginning anew")
    func log() async throws {
        for _ in 0..<700 {
            _ = try await store.apply([batch(20)])
            #expect(store.lookups.entries(of: patient)?.count == 20)
        }
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: directory.file("index.sqlite-wal"))[.size] as? Int)
        let page = 4096
        #expect(size > 0 && size < 2 * DatabaseFile.checkpointPagesUsual * page)
    }

    @Test("what another program changes in the file is read too")
    func outside() async throws {
        _ = try await store.apply([batch(2)])
        #expect(store.lookups.entries(of: patient)?.count == 2)
        try await Subprocess.run(
            "/usr/bin/sqlite3", [directory.file("index.sqlite"), "DELETE FROM entry WHERE id = 'c1'"])
        #expect(await eventually { store.lookups.entries(of: patient)?.count == 1 })
    }

    @Test("a snapshot that outlasts a write is let go")
    func outlasting() async throws {
        _ = try await store.apply([batch(1)])
        let store = store
        let isOver = NIOLockedValueBox(false)
        let isThere = await withTaskGroup { group in
            group.addTask {
                defer { isOver.withLockedValue { $0 = true } }
                return (try? await store.apply([batch(2)])) != nil
            }
            // This lookup takes until the write is over.
            let isRead = store.rows(of: patient) { _ in
                while !isOver.withLockedValue({ $0 }) { sched_yield() }
                return true
            }
            return await group.next() == true && isRead
        }
        #expect(isThere && store.lookups.entries(of: patient)?.count == 2)
    }

    @Test("a long record is left to the pool, and is whole")
    func long() async throws {
        _ = try await store.apply([batch(LookupReaders.entriesMax)])
        #expect(store.lookups.entries(of: patient)?.count == LookupReaders.entriesMax)
        let more = Int64(LookupReaders.entriesMax) + 1
        _ = try await store.apply([
            ChangeBatch(
                source: barts, epoch: epoch, after: more - 1, through: more,
                changes: [put(more, "Condition/more", Facts(category: .condition))])
        ])
        #expect(store.lookups.entries(of: patient) == nil)
        #expect(try await store.entries(of: patient).count == Int(more))
    }

    @Test("many lookups at once are all answered, while the index is written")
    func many() async throws {
        _ = try await store.apply([batch(1)])
        let store = store
        try await withThrowingTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    let count = try await store.entries(of: patient).count
                    #expect(count >= 1)
                }
            }
            for count in 2...20 { _ = try await store.apply([batch(count)]) }
            try await group.waitForAll()
        }
        #expect(try await store.entries(of: patient).count == 20)
    }

    @Test("promise P7: an index that begins anew is the one that is read")
    func anew() async throws {
        _ = try await store.apply([batch(3)])
        #expect(store.lookups.entries(of: patient)?.count == 3)
        _ = try store.beginAnew()
        #expect(try await store.entries(of: patient) == [])
        _ = try await store.apply([batch(2)])
        #expect(store.lookups.entries(of: patient)?.count == 2)
    }

    @Test("a row that nobody wrote is an error of the pool, which says that the file is unsound")
    func unsound() async throws {
        _ = try await store.apply([batch(1)])
        try await store.file.write { try PreparedStatement($0, "UPDATE entry SET category = 'horoscope'").run() }
        #expect(store.lookups.entries(of: patient) == nil)
        let failure = await #expect(throws: StorageError.self) { try await store.entries(of: patient) }
        #expect(failure?.code == .corrupt)
    }

    @Test("a closed index is not read")
    func closed() async throws {
        try store.close()
        #expect(store.lookups.entries(of: patient) == nil)
        await #expect(throws: StorageError.self) { try await store.entries(of: patient) }
    }
}
