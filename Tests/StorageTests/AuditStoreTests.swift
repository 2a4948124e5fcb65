import CareRecord
import LoadTest
import Replication
import TestSupport
import Testing

@testable import Storage

@Suite("The access trail") struct AuditStoreTests {
    private let directory: TemporaryDirectory
    private let store: AuditStore
    private var path: String { directory.file("audit.sqlite") }

    init() async throws {
        directory = try TemporaryDirectory()
        store = try AuditStore(path: directory.file("audit.sqlite"))
        let barts = HIEIdentifier("barts")!  // a well-formed constant
        let requester = Requester(person: "A", role: "B", organisation: "C", purpose: "D")!  // a well-formed one
        let patient = FHIRFixture.number(1)
        try await store.append(
            [
                AccessEvent(.recordAsked, patient: patient, requester: requester, detail: "everything"),
                AccessEvent(.recordRead, hie: barts, patient: patient, requester: requester, detail: "allergy"),
            ], now: Timestamp(milliseconds: 1000))
        try await store.append(
            [
                AccessEvent(.questionRefused, detail: "forged-source: x"),
                AccessEvent(.foreignAnswer, hie: barts, patient: patient, requester: requester, detail: "another's"),
            ], now: Timestamp(milliseconds: 2000))
    }

    @Test("events are counted by kind, and those to be looked into are listed without the patient") func incidents()
        async throws
    {
        #expect(
            try await store.counts(of: AccessEvent.Kind.allCases) == [
                .recordAsked: 1, .recordRead: 1, .questionRefused: 1, .foreignAnswer: 1,
            ])
        let incidents = try await store.incidents(max: 10)
        #expect(incidents.map(\.number) == [4, 3])
        #expect(incidents.map(\.kind) == [.foreignAnswer, .questionRefused])
        #expect(incidents.map(\.at.milliseconds) == [2000, 2000])
        #expect(try await store.incidents(max: 1).count == 1)
    }

    @Test("a trail that is whole says so, also after it was opened again") func whole() async throws {
        #expect(try await store.firstBroken() == nil)
        let again = try AuditStore(path: path)
        try await again.append([AccessEvent(.recordAsked, detail: "")], now: Timestamp(milliseconds: 3000))
        #expect(try await again.firstBroken() == nil)
    }

    @Test(
        "an event that was changed, taken out or put in shows",
        arguments: [
            ("UPDATE event SET requester = replace(requester, 'A', 'Z') WHERE number = 2", 2),
            ("UPDATE event SET patient = NULL WHERE number = 1", 1), ("UPDATE event SET at = 0 WHERE number = 3", 3),
            ("DELETE FROM event WHERE number = 2", 2), ("DELETE FROM event WHERE number = 1", 1),
            ("UPDATE event SET hash = zeroblob(32) WHERE number = 4", 4),
            (
                "INSERT INTO event (at, kind, detail, hash) VALUES (1, 'record-asked', '', randomblob(32))", 5
            ),
        ])
    func tampering(statement: String, broken: Int64) async throws {
        try await Subprocess.run("/usr/bin/sqlite3", ["-cmd", ".timeout 10000", path, statement])
        #expect(try await store.firstBroken() == broken)
    }
}
