import CareRecord
import Replication
import TestSupport
import Testing

@testable import Storage

private let now = Timestamp(milliseconds: 1_767_225_600_000)

/// A records file of its own, and what its journal holds in words.
private struct Records {
    let directory: TemporaryDirectory
    let store: RecordStore

    init(_ directory: TemporaryDirectory? = nil, shares: [Category: Share] = [:], now: Timestamp = now) throws {
        self.directory = try directory ?? TemporaryDirectory()
        store = try RecordStore(path: self.directory.file("records.sqlite"), shares: shares, now: now)
    }

    @discardableResult
    func submit(_ operations: Submission.Operation...) async throws -> [RecordOutcome] {
        try await store.submit(operations, now: now)
    }

    /// Live and withdrawn changes above `after`: `seq put|withdraw reference number-of-patient`.
    func journal(after: Int64 = 0) async throws -> [String] {
        let page = try await store.journalPage(after: after, limits: OutboxMachine.Limits().page)
        return try (page?.body ?? []).split(separator: UInt8(ascii: "\n")).map { line in
            let change = try ChangeLine.read(line)
            let op = change.effect == .withdraw ? "withdraw" : "put"
            return "\(change.seq) \(op) \(change.key.resource.reference) \(change.key.patient.text)"
        }
    }
}

@Suite("Record store") struct RecordStoreTests {
    private let one = FHIRFixture.number(1)
    private let two = FHIRFixture.number(2)

    @Test("what is stored is journalled with numbers from one, without gaps") func journalled() async throws {
        let records = try Records()
        let outcomes = try await records.submit(
            FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"))
        #expect(outcomes == [.created(version: 1), .created(version: 1)])
        #expect(try await records.journal() == ["1 put Patient/p \(one.text)", "2 put Condition/c \(one.text)"])
        #expect(records.store.head.head == 2)
    }

    @Test("promise P2: the same submission twice changes nothing") func idempotent() async throws {
        let records = try Records()
        for _ in 1...2 {
            try await records.submit(FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"))
        }
        let again = try await records.submit(FHIRFixture.condition("c", of: "p"))
        #expect(again == [.unchanged(version: 1)])
        #expect(try await records.store.journalState().head == 2)
    }

    @Test("the journal keeps only the latest change of a resource, under a number of its own") func latest()
        async throws
    {
        let records = try Records()
        try await records.submit(FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"))
        #expect(
            try await records.submit(FHIRFixture.condition("c", of: "p", code: "44054006")) == [.updated(version: 2)])
        #expect(try await records.journal() == ["1 put Patient/p \(one.text)", "3 put Condition/c \(one.text)"])
    }

    @Test("a deleted resource is withdrawn, and comes back under its next version") func deleted() async throws {
        let records = try Records()
        try await records.submit(FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"))
        #expect(try await records.submit(FHIRFixture.delete("Condition/c")) == [.deleted])
        #expect(try await records.submit(FHIRFixture.delete("Condition/c")) == [.absent])
        #expect(try await records.submit(FHIRFixture.delete("Condition/never")) == [.absent])
        #expect(try await records.journal(after: 2) == ["3 withdraw Condition/c \(one.text)"])
        let stored = try #require(try await records.store.resource(ResourceKey(reference: "Condition/c")!))
        #expect(stored.isDeleted)
        #expect(stored.body.isEmpty)
        #expect(try await records.submit(FHIRFixture.condition("c", of: "p")) == [.created(version: 3)])
        #expect(try await records.journal(after: 2) == ["4 put Condition/c \(one.text)"])
    }

    @Test("resources of a patient without an NHS number are stored and unlinked, until the number comes")
    func unlinked() async throws {
        let records = try Records()
        try await records.submit(FHIRFixture.patient("p", number: nil), FHIRFixture.condition("c", of: "p"))
        #expect(try await records.journal() == [])
        #expect(try await records.store.unlinkedCount() == 2)
        try await records.submit(FHIRFixture.patient("p", number: one))
        #expect(
            Set(try await records.journal().map { $0.dropFirst(2) }) == [
                "put Patient/p \(one.text)", "put Condition/c \(one.text)",
            ])
        #expect(try await records.store.unlinkedCount() == 0)
    }

    @Test("a resource that comes before its Patient is linked when the Patient comes") func anyOrder() async throws {
        let records = try Records()
        try await records.submit(FHIRFixture.condition("c", of: "p"), FHIRFixture.patient("p", number: one))
        #expect(try await records.store.unlinkedCount() == 0)
        #expect(try await records.store.journalState().head == 2)
    }

    @Test("a corrected NHS number moves everything: withdrawn from the one patient, put to the other")
    func moved() async throws {
        let records = try Records()
        try await records.submit(FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"))
        try await records.submit(FHIRFixture.patient("p", number: two))
        let journal = try await records.journal()
        #expect(
            Set(journal.map { $0.drop { $0 != " " }.dropFirst() }) == [
                "withdraw Patient/p \(one.text)", "put Patient/p \(two.text)",
                "withdraw Condition/c \(one.text)", "put Condition/c \(two.text)",
            ])
        #expect(journal.map { Int64($0.prefix { $0 != " " }) } == [3, 4, 5, 6])
    }

    @Test("a deleted Patient takes the patient's entries out of the index, and brings them back") func patientDeleted()
        async throws
    {
        let records = try Records()
        try await records.submit(FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"))
        try await records.submit(FHIRFixture.delete("Patient/p"))
        #expect(
            try await records.journal() == ["3 withdraw Patient/p \(one.text)", "4 withdraw Condition/c \(one.text)"])
        try await records.submit(FHIRFixture.patient("p", number: one))
        #expect(try await records.journal() == ["5 put Patient/p \(one.text)", "6 put Condition/c \(one.text)"])
    }

    @Test("a change that no entry shows is stored without a number") func invisible() async throws {
        let records = try Records()
        try await records.submit(FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"))
        let noted =
            #"{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"195967001","display":"Asthma"}]},"onsetDateTime":"2020-05-01","note":[{"text":"x"}]}"#
        #expect(try await records.submit(FHIRFixture.put(noted)) == [.updated(version: 2)])
        #expect(try await records.store.journalState().head == 2)
    }

    @Test("the digest is that of the live entries, whatever led to them") func digest() async throws {
        let records = try Records()
        try await records.submit(FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"))
        try await records.submit(FHIRFixture.condition("c", of: "p", code: "44054006"))
        try await records.submit(FHIRFixture.condition("d", of: "p"), FHIRFixture.delete("Condition/d"))
        var expected = BucketDigest()
        let page = try #require(
            try await records.store.journalPage(after: 0, limits: OutboxMachine.Limits().page))
        for line in page.body.split(separator: UInt8(ascii: "\n")) {
            let change = try ChangeLine.read(line)
            guard case .put(let facts) = change.effect else { continue }
            expected.toggle(change.key.patient, hash: EntryHash.of(change.key, seq: change.seq, facts))
        }
        #expect(expected != BucketDigest())
        #expect(try await records.store.journalState().digest == expected)
    }

    @Test("what is shared of a category is reduced, and a change of it changes every entry concerned") func shares()
        async throws
    {
        let directory = try TemporaryDirectory()
        let whole = try Records(directory)
        try await whole.submit(FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"))
        let pointer = try Records(directory, shares: [.condition: .pointer])
        let page = try #require(try await pointer.store.journalPage(after: 2, limits: OutboxMachine.Limits().page))
        let change = try ChangeLine.read(page.body.dropLast())
        #expect(change.seq == 3)
        #expect(change.effect == .put(Facts(category: .condition)))
        let nothing = try Records(directory, shares: [.condition: .nothing])
        #expect(try await nothing.journal(after: 3) == ["4 withdraw Condition/c \(one.text)"])
        let again = try Records(directory, shares: [.condition: .nothing])
        #expect(again.store.head.head == 4)
    }

    @Test("epoch, head and published-through survive a restart; published-through never goes back or past the head")
    func restart() async throws {
        let directory = try TemporaryDirectory()
        let first = try Records(directory)
        try await first.submit(FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"))
        try await first.store.published(through: 1)
        try await first.store.published(through: 0)
        let second = try Records(directory, now: Timestamp(milliseconds: now.milliseconds + 60_000))
        #expect(second.store.epoch == first.store.epoch)
        #expect(try await second.store.journalState().publishedThrough == 1)
        try await second.store.published(through: 99)
        #expect(try await second.store.journalState().publishedThrough == 2)
    }

    @Test("a page ends at its limit of changes and of bytes, and carries one change at least") func pages() async throws
    {
        let records = try Records()
        try await records.submit(
            FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"),
            FHIRFixture.condition("d", of: "p"))
        var limits = PageLimits(changesMax: 2, bytesMax: 100_000)
        let counted = try #require(try await records.store.journalPage(after: 0, limits: limits))
        #expect(counted.isFull)
        #expect(counted.through == 2)
        limits.bytesMax = 1
        let sized = try #require(try await records.store.journalPage(after: 1, limits: limits))
        #expect(sized.through == 2)
        #expect(sized.changeCount == 1)
        let last = try #require(try await records.store.journalPage(after: 2, limits: OutboxMachine.Limits().page))
        #expect(!last.isFull)
        #expect(try await records.store.journalPage(after: 3, limits: limits) == nil)
    }

    @Test("whoever listens to the head hears of a commit") func heads() async throws {
        let records = try Records()
        var heads = records.store.head.heads().makeAsyncIterator()
        #expect(await heads.next() == 0)
        try await records.submit(FHIRFixture.patient("p", number: one))
        #expect(await heads.next() == 1)
    }
}
