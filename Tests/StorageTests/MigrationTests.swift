import CareRecord
import Foundation
import LoadTest
import Replication
import TestSupport
import Testing

@testable import Storage

private let barts = HIEIdentifier("barts")!  // a well-formed constant
private let epoch = Epoch("2026-11-22T17:03:05.123Z-63bd003b")!  // that of the stored files
private let now = Timestamp(text: "2026-11-23T00:00:00.000Z")!  // a well-formed constant

/// A directory with a file as an earlier version left it.
private func stored(_ fixture: String, as name: String) async throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    let sql = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(fixture).sql").path
    try await Subprocess.run("/usr/bin/sqlite3", [directory.file(name), ".read \(sql)"])
    return directory
}

@Suite("Files of earlier versions") struct MigrationTests {
    private let one = FHIRFixture.number(1)

    private func records(_ directory: TemporaryDirectory) throws -> RecordStore {
        try RecordStore(path: directory.file("records.sqlite"), shares: [.imaging: .nothing], now: now)
    }

    @Test("records of version 1 keep resources, numbers and epoch, and their digest counts the facts")
    func records() async throws {
        let directory = try await stored("records-v1", as: "records.sqlite")
        let store = try records(directory)
        let state = try await store.journalState()
        #expect(state.epoch == epoch)
        #expect(state.head == 11)
        #expect(state.publishedThrough == 5)
        #expect(state.digest.total == 0xef64_7330_0b5a_c316)
        #expect(state.digest.differences(from: BucketDigest()) == [60, 167])
        #expect(try await store.epochNotice() == nil)
        #expect(try await store.unlinkedCount() == 1)
        let key = try #require(ResourceKey(reference: "Condition/c"))
        #expect(try await store.resource(key)?.version == 2)
    }

    @Test("records of version 1 go on: what is there is unchanged, what comes gets the next number")
    func recordsGoOn() async throws {
        let directory = try await stored("records-v1", as: "records.sqlite")
        let store = try records(directory)
        let same = FHIRFixture.condition("c", of: "p", code: "44054006", display: "Diabetes é 😀")
        #expect(try await store.submit([same], now: now) == [.unchanged(version: 2)])
        let other = FHIRFixture.condition("c", of: "p")
        #expect(try await store.submit([other], now: now) == [.updated(version: 3)])
        let state = try await store.journalState()
        #expect(state.head == 12)
        let page = try await store.journalPage(
            JournalStretch(after: 0), limits: PageLimits(changesMax: 99, bytesMax: 99_999))
        var digest = BucketDigest()
        for change in try page.changes {
            guard case .put(let facts) = change.effect else { continue }
            digest.toggle(change.key.patient, hash: EntryHash.of(change.key, seq: change.seq, facts))
        }
        #expect(state.digest == digest)
    }

    @Test("records of earlier versions give a patient's record", arguments: ["records-v1", "records-v2"])
    func recordsOfEarlierVersions(fixture: String) async throws {
        let directory = try await stored(fixture, as: "records.sqlite")
        let store = try RecordStore(path: directory.file("records.sqlite"), shares: [:], now: now)
        let requester = Requester(person: "A", role: "B", organisation: "C", purpose: "D")!  // a well-formed one
        let outline = try await store.outline(of: RecordRequest(patient: one, requester: requester))
        let part = try await store.part(of: outline, of: one, from: 0, bytesMax: 9999, resourceBytesMax: 9999)
        #expect(Set(part.resources.map(\.key.reference)) == ["Patient/p", "Condition/c"])
        #expect(outline.patientIDs == ["p"] && part.next == nil)
        #expect(try await store.journalState().head == 11)
    }

    @Test("a file is brought up to date once") func once() async throws {
        let directory = try await stored("records-v1", as: "records.sqlite")
        for _ in 1...2 { #expect(try await records(directory).journalState().digest.total == 0xef64_7330_0b5a_c316) }
    }

    @Test("records of version 1 with a line that cannot be read are refused as unsound, and left as they are")
    func unreadable() async throws {
        let directory = try await stored("records-v1", as: "records.sqlite")
        let path = directory.file("records.sqlite")
        try await Subprocess.run("/usr/bin/sqlite3", [path, "UPDATE journal SET content = 'x' WHERE seq = 4"])
        let refusal = #expect(throws: StorageError.self) { try records(directory) }
        #expect(refusal?.code == .corrupt)
        #expect(refusal?.description.contains("a stored change cannot be read (undecodable)") == true)
        let version = try await Subprocess.run(
            "/usr/bin/sqlite3", [path, "SELECT max(identifier) FROM grdb_migrations"])
        #expect(version == "v1\n")
    }

    @Test("promise P7: an index of version 1 begins anew, and is filled as if it had been deleted") func index()
        async throws
    {
        let directory = try await stored("index-v1", as: "index.sqlite")
        let store = try IndexStore(path: directory.file("index.sqlite"))
        #expect(try await store.sources().isEmpty)
        #expect(try await store.entries(of: one).isEmpty)
        let put = Change(
            seq: 1, key: EntryKey(patient: one, resource: ResourceKey(reference: "Condition/c")!),  // a constant
            effect: .put(Facts(category: .condition)))
        _ = try await store.apply([ChangeBatch(source: barts, epoch: epoch, after: 0, through: 1, changes: [put])])
        #expect(try await store.entries(of: one).map(\.seq) == [1])
        #expect(try await store.source(barts)?.hasTombstones == false)
    }

    @Test("promise P7: entries and tombstones of version 1 are gone from the file itself") func indexEmptied()
        async throws
    {
        let directory = try await stored("index-v1", as: "index.sqlite")
        let path = directory.file("index.sqlite")
        _ = try IndexStore(path: path)
        let counts = try await Subprocess.run(
            "/usr/bin/sqlite3",
            [
                path,
                "SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM tombstone), (SELECT count(*) FROM source)",
            ])
        #expect(counts == "0|0|0\n")
    }

    @Test("an index of version 2 keeps its entries, and its patients are found by name and date of birth")
    func patients() async throws {
        let directory = try await stored("index-v2", as: "index.sqlite")
        let store = try IndexStore(path: directory.file("index.sqlite"))
        #expect(try await store.entries(of: one).count == 2)
        #expect(try await store.source(barts)?.progress.applied.watermark == 5)
        let born = try #require(DateCriterion("1980"))
        for term in [PatientQuery.Term.family("muller lu"), .given("mary"), .born(born), .gender("female")] {
            let page = try await store.patients(PatientQuery([[term]], limit: 9))
            #expect(page.patients.map(\.entry.resource.id) == ["p"])
        }
        #expect(try await store.patients(PatientQuery([[.id(barts, "q")]], limit: 9)).total == 1)
    }

    @Test("an index of version 3 keeps its entries and withdrawals, and takes gaps and replays") func gaps()
        async throws
    {
        let directory = try await stored("index-v3", as: "index.sqlite")
        let store = try IndexStore(path: directory.file("index.sqlite"))
        #expect(try await store.entries(of: one).count == 2)
        let kept = try #require(try await store.source(barts))
        #expect(kept.progress.applied.watermark == 5 && kept.hasTombstones && !kept.hasGaps)
        #expect(try await store.patients(PatientQuery([[.family("muller lu")]], limit: 9)).total == 1)
        let key = EntryKey(patient: one, resource: try #require(ResourceKey(reference: "Condition/n")))
        let batch = ChangeBatch(
            source: barts, epoch: epoch, after: 5, through: 6, changes: [], gaps: [.sample(6)])
        #expect(try await store.apply([batch]).sources[barts]?.hasGaps == true)
        let change = Change(seq: 6, key: key, effect: .put(Facts(category: .condition)))
        let redemption = Redemption(
            letter: .sample(6), plan: 1,
            batch: ChangeBatch(source: barts, epoch: epoch, after: 5, through: 6, changes: [change]))
        #expect(try await store.redeem([redemption]).verdicts == [.applied])
        #expect(try await store.entries(of: one).map(\.seq).max() == 6)
    }
}
