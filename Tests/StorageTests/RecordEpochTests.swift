import CareRecord
import Replication
import TestSupport
import Testing

@testable import Storage

private let now = Timestamp(text: "2026-03-01T12:00:00.000Z")!  // a well-formed constant
private let later = Timestamp(text: "2026-03-02T12:00:00.000Z")!  // a well-formed constant

@Suite("Epochs of the records") struct RecordEpochTests {
    private let number = FHIRFixture.number(1)

    private func store(
        _ directory: TemporaryDirectory, at moment: Timestamp = now,
        witness: JournalWitness = JournalWitness(epoch: nil, through: 0)
    ) throws -> RecordStore {
        try RecordStore(path: directory.file("records.sqlite"), shares: [:], now: moment, witness: witness)
    }

    private func filled(_ directory: TemporaryDirectory) async throws -> RecordStore {
        let store = try store(directory)
        _ = try await store.submit(
            [FHIRFixture.patient("p", number: number), FHIRFixture.condition("c", of: "p")], now: now)
        try await store.published(through: 1)
        return store
    }

    @Test("whoever has seen no more than there is begins no epoch") func nothingSeen() async throws {
        let store = try await filled(try TemporaryDirectory())
        let epoch = store.epoch
        let older = try #require(Epoch("2020-01-01T00:00:00.000Z-00000001"))
        for witness in [
            JournalWitness(epoch: nil, through: 99), JournalWitness(epoch: epoch, through: 2),
            JournalWitness(epoch: epoch, through: 0), JournalWitness(epoch: older, through: 99),
        ] {
            #expect(try await store.beginEpoch(after: witness, now: later) == false)
        }
        #expect(store.epoch == epoch)
        #expect(try await store.epochNotice() == nil)
        #expect(try await store.journalState().publishedThrough == 1)
    }

    @Test("promise P1: a higher number seen of the same epoch begins the next, with the numbers as they stand")
    func sameEpoch() async throws {
        let directory = try TemporaryDirectory()
        let store = try await filled(directory)
        let old = store.epoch
        let digest = try await store.journalState().digest
        var heads = store.head.heads().makeAsyncIterator()
        #expect(await heads.next() == 2)
        #expect(try await store.beginEpoch(after: JournalWitness(epoch: old, through: 3), now: later))
        #expect(await heads.next() == 2)
        let state = try await store.journalState()
        #expect(store.epoch > old)
        #expect(state == JournalState(epoch: store.epoch, head: 2, publishedThrough: 2, digest: digest))
        let notice = try #require(try await store.epochNotice())
        #expect(notice.begunAt == later)
        #expect(
            notice.reason == "the journal was restored from an older copy: it ended at 2, and 3 had been seen")
        #expect(try await store.beginEpoch(after: JournalWitness(epoch: old, through: 3), now: later) == false)
        let page = try await store.journalPage(
            JournalStretch(after: 0), limits: PageLimits(changesMax: 9, bytesMax: 9999))
        #expect(page.epoch == store.epoch)
    }

    @Test("a later epoch seen begins one that follows it, even when the clock has not got there") func laterEpoch()
        async throws
    {
        let store = try await filled(try TemporaryDirectory())
        let seen = try #require(Epoch("2026-09-01T00:00:00.000Z-ffffffff"))
        #expect(try await store.beginEpoch(after: JournalWitness(epoch: seen, through: 0), now: later))
        #expect(store.epoch > seen)
        #expect(
            try await store.epochNotice()?.reason
                == "the journal was restored or made anew: a later epoch of it had been seen")
    }

    @Test("an epoch far in the future is refused with what to do, and changes nothing") func farFuture() async throws {
        let directory = try TemporaryDirectory()
        let store = try await filled(directory)
        let before = try await store.journalState()
        let seen = try #require(Epoch("2099-01-01T00:00:00.000Z-00000001"))
        let witness = JournalWitness(epoch: seen, through: 0)
        let refusal = await #expect(throws: StorageError.self) {
            try await store.beginEpoch(after: witness, now: later)
        }
        #expect(refusal?.reason.contains("clock") == true)
        #expect(try await store.journalState() == before)
        #expect(store.epoch == before.epoch)
        #expect(throws: StorageError.self) { try self.store(directory, at: later, witness: witness) }
    }

    @Test("promise P1: at the start the own index is the witness: of an older copy, of a new file, of the same file")
    func atTheStart() async throws {
        let directory = try TemporaryDirectory()
        let old = try await filled(directory).epoch
        let same = try store(directory, at: later, witness: JournalWitness(epoch: old, through: 2))
        #expect(same.epoch == old)
        let restored = try store(directory, at: later, witness: JournalWitness(epoch: old, through: 5))
        #expect(restored.epoch > old)
        #expect(restored.head.head == 2)
        #expect(try await restored.epochNotice()?.begunAt == later)
        #expect(try store(directory, at: later).epoch == restored.epoch)
        let new = try store(
            try TemporaryDirectory(), at: later, witness: JournalWitness(epoch: restored.epoch, through: 9))
        #expect(new.epoch > restored.epoch)
        let clockBack = try store(
            try TemporaryDirectory(), at: now, witness: JournalWitness(epoch: restored.epoch, through: 9))
        #expect(clockBack.epoch > restored.epoch)
        #expect(clockBack.head.head == 0)
    }
}
