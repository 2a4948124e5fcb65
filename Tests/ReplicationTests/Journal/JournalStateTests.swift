import CareRecord
import LoadTest
import Testing

@testable import Replication

@Suite("Journal state") struct JournalStateTests {
    private let early = Epoch("2026-01-01T00:00:00.000Z-00000001")!  // a well-formed constant
    private let late = Epoch("2026-01-02T00:00:00.000Z-00000001")!  // a well-formed constant
    private let now = Timestamp(text: "2026-01-03T00:00:00.000Z")!  // a well-formed constant

    @Test("a journal is behind somebody who has seen more of its epoch, or a later epoch, and behind nobody else")
    func isBehind() {
        let state = JournalState(epoch: early, head: 10)
        #expect(!state.isBehind(JournalWitness(epoch: nil, through: 99)))
        #expect(!state.isBehind(JournalWitness(epoch: early, through: 10)))
        #expect(state.isBehind(JournalWitness(epoch: early, through: 11)))
        #expect(state.isBehind(JournalWitness(epoch: late, through: 0)))
        #expect(!JournalState(epoch: late, head: 0).isBehind(JournalWitness(epoch: early, through: 99)))
    }

    @Test("a new epoch follows both epochs and keeps the numbers; nothing of it is published again") func beginning()
        throws
    {
        var random = SplitMix64(seed: 1)
        var state = JournalState(epoch: early, head: 10, publishedThrough: 4)
        state.digest[3] = 7
        for seen in [nil, early, late] {
            let next = try #require(
                state.beginning(after: JournalWitness(epoch: seen, through: 11), at: now, using: &random))
            #expect(next.epoch > max(early, seen ?? early))
            #expect(next.head == 10)
            #expect(next.publishedThrough == 10)
            #expect(next.digest == state.digest)
            #expect(!next.isBehind(JournalWitness(epoch: seen, through: 11)))
        }
    }

    @Test("with a clock that went back the new epoch still follows what was seen") func clockBack() throws {
        var random = SplitMix64(seed: 1)
        let long = Timestamp(text: "2025-06-01T00:00:00.000Z")!  // a well-formed constant
        let state = JournalState(epoch: early, head: 10)
        let next = try #require(
            state.beginning(after: JournalWitness(epoch: late, through: 1), at: long, using: &random))
        #expect(next.epoch > late)
        let far = Epoch("2199-01-01T00:00:00.000Z-00000001")!  // a well-formed constant
        #expect(state.beginning(after: JournalWitness(epoch: far, through: 1), at: long, using: &random) == nil)
    }
}
