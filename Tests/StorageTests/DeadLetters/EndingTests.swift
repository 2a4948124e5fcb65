import AMQP
import CareRecord
import Replication
import TestSupport
import Testing

@testable import Storage

private let barts = Letters.barts
private let kingston = Letters.kingston

@Suite("Letters that end") struct EndingTests {
    private func event(_ act: String) -> LetterEvent { LetterEvent(at: at(50), by: "Ann", act: act, detail: "why") }

    @Test("a later version of the same record resolves a letter, an earlier one does not") func superseded()
        async throws
    {
        let kept = try Kept()
        try await kept.store.park(
            [Letters.change(7, resource: "Condition/a"), Letters.change(8, resource: "Condition/b")], now: at(1))
        let earlier = AppliedVersion(
            source: barts, resource: ResourceKey(reference: "Condition/a")!, epoch: letterEpoch, seq: 6)  // a constant
        #expect(try await kept.store.supersede([earlier], now: at(2)).isEmpty)
        let later = AppliedVersion(source: barts, resource: earlier.resource, epoch: letterEpoch, seq: 9)
        #expect(try await kept.store.supersede([later], now: at(2)).map(\.id) == [1])
        #expect(try await kept.store.letter(1)?.row.resolution == .superseded)
        #expect(try await kept.store.supersede([later], now: at(2)).isEmpty)
        #expect(try await kept.store.counts() == [barts: 1])
    }

    @Test("a message whose range was applied since is covered; what reached nobody is not") func covered()
        async throws
    {
        let kept = try Kept()
        try await kept.store.park(
            [
                Letters.whole(after: 3, through: 9), Letters.whole(after: 9, through: 12), Letters.change(7),
                Letters.whole(after: 3, through: 9, cause: .unrouted, queue: BrokerNames.unroutedQueue),
            ], now: at(1))
        #expect(try await kept.store.cover(barts, epoch: letterEpoch, watermark: 8, now: at(2)).isEmpty)
        #expect(try await kept.store.cover(barts, epoch: letterEpoch, watermark: 11, now: at(2)).map(\.id) == [1])
        let next = Epoch("2027-01-01T00:00:00.000Z-00000000")!  // a well-formed constant
        #expect(try await kept.store.cover(barts, epoch: next, watermark: 0, now: at(2)).map(\.id) == [2])
    }

    @Test("a letter that a replay applied waits again where the index has lost that; one that was overtaken does not")
    func reopened() async throws {
        let kept = try Kept()
        let notes = try await kept.store.park([Letters.change(1), Letters.change(2)], now: at(1))
        _ = try await kept.store.resolve([notes[0]], .applied, "by a replay", now: at(2))
        _ = try await kept.store.resolve([notes[1]], .superseded, "by change 3", now: at(2))
        let identities = [Letters.change(1), Letters.change(2)].map(LetterIdentity.init(of:))
        #expect(try await kept.store.reopen(identities, now: at(3)) == [notes[0]])
        #expect(try await kept.store.parked() == [notes[0]])
        #expect(try await kept.store.history(1).map(\.act) == ["resolved", "parked again"])
    }

    @Test("discard and restore do nothing where the number is another") func counts() async throws {
        let kept = try Kept()
        try await kept.store.park([Letters.change(1), Letters.change(2)], now: at(1))
        guard case .otherCount(2) = try await kept.store.discard(LetterFilter(), expecting: 3, event("discarded"))
        else { return #expect(Bool(false), "three were discarded of two") }
        #expect(try await kept.store.parked().count == 2)
        guard case .done(let notes) = try await kept.store.discard(LetterFilter(), expecting: 2, event("discarded"))
        else { return #expect(Bool(false), "two were not discarded") }
        #expect(notes.count == 2)
        #expect(try await kept.store.parked().isEmpty)
        guard case .done = try await kept.store.restore(LetterFilter(), expecting: 2, event("restored"))
        else { return #expect(Bool(false), "two were not restored") }
        #expect(try await kept.store.parked().count == 2)
        #expect(try await kept.store.history(1).map(\.act) == ["discarded", "restored"])
        #expect(try await kept.store.history(1).map(\.by) == ["Ann", "Ann"])
    }

    @Test("what ended long ago is forgotten, and what was edited is kept for ever") func forgotten() async throws {
        let kept = try Kept()
        try await kept.store.park([Letters.change(1), Letters.change(2), Letters.change(3)], now: at(1))
        let letter = try #require(try await kept.store.letter(2))
        var message = letter.message
        message.body += [0x20]
        #expect(
            try await kept.store.edit(
                letter, to: message, letter.row.subject, routingKey: "k", source: nil,
                rejection: Rejection(.schema, "still"), event("edited")))
        var filter = LetterFilter()
        filter.ids = [1, 2]
        _ = try await kept.store.discard(filter, expecting: 2, event("discarded"))
        #expect(try await kept.store.forget(endedBefore: at(50), max: 9) == 0)
        #expect(try await kept.store.forget(endedBefore: at(51), max: 9) == 1)
        #expect(try await kept.store.letter(1) == nil)
        #expect(try await kept.store.letter(2)?.original == letter.message)
        #expect(try await kept.sqlite("SELECT count(*) FROM content") == "2\n")
    }

    @Test("an edit keeps the first content for ever and is refused where the letter changed meanwhile")
    func edited() async throws {
        let kept = try Kept()
        try await kept.store.park([Letters.change(1)], now: at(1))
        let first = try #require(try await kept.store.letter(1))
        var message = first.message
        for byte: UInt8 in [1, 2] {
            let letter = try #require(try await kept.store.letter(1))
            message.body = [byte]
            let isStored = try await kept.store.edit(
                letter, to: message, LetterSubject(.change, of: message), routingKey: "other", source: kingston,
                rejection: Rejection(.undecodable, "not JSON"), event("edited"))
            #expect(isStored)
        }
        let edited = try #require(try await kept.store.letter(1))
        #expect(edited.original == first.message && edited.message.body == [2])
        #expect(edited.identity == first.identity && edited.row.contentHash != first.row.contentHash)
        #expect(edited.row.cause == .undecodable && edited.row.isEdited && edited.row.source == kingston)
        #expect(edited.row.origin.routingKey == "other" && edited.row.subject.seq == nil)
        let isStale = try await kept.store.edit(
            first, to: message, first.row.subject, routingKey: "k", source: nil, rejection: Rejection(.schema, ""),
            event("edited"))
        #expect(!isStale)
    }
}
