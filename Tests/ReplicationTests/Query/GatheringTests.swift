import CareRecord
import TestSupport
import Testing

@testable import Replication

@Suite("Gathering answers") struct GatheringTests {
    private static let patient = FHIRFixture.number(1)
    private static let stranger = FHIRFixture.number(2)
    private static let at = Timestamp(milliseconds: 5000)

    private var gathering = GatheringTests.make()

    private static func make(_ limits: Gathering.Limits = limits, limit: Int = 100) -> Gathering {
        var gathering = Gathering(patient: patient, limit: limit, limits: limits)
        gathering.ask(barts, broker: "nel", at: at, elapsed: 10)
        return gathering
    }

    private static let limits: Gathering.Limits = {
        var limits = Gathering.Limits()
        limits.pagesPerSourceMax = 4
        limits.bytesPerSourceMax = 1000
        limits.bytesMax = 1500
        limits.fairMilliseconds = 500
        return limits
    }()

    private func page(
        _ number: Int, last: Bool = false, count: Int = 1, bytes: Int = 10, of patient: NHSNumber = patient,
        omitted: Int = 0, more: Bool = false
    ) -> RecordPage {
        let resources = (0..<count).map { index in
            RecordResource(
                key: ResourceKey(type: "Condition", id: "c\(number).\(index)")!,  // a well-formed key
                body: [UInt8](repeating: 0x20, count: bytes))
        }
        return RecordPage(
            patient: patient, number: number, isLast: last, patientIDs: ["p"], resources: resources, omitted: omitted,
            hasMore: more)
    }

    private mutating func take(_ page: RecordPage, isMixed: Bool = false, elapsed: Int64 = 50) -> [Gathering.Action] {
        gathering.handle(.page(barts, IncomingRecordPage(page: page, isMixed: isMixed)), elapsed: elapsed)
    }

    private func answer(_ actions: [Gathering.Action]) -> PeerAnswer? {
        actions.lazy.compactMap { action in
            if case .settled(let answer) = action { answer } else { nil }
        }.first
    }

    @Test("pages are shown as they come, and the last one makes it answered, as of the asking") mutating func whole() {
        let first = take(page(0, count: 2), elapsed: 20)
        #expect(first == [.show(barts, page(0, count: 2).resources)])
        let last = take(page(1, last: true), elapsed: 50)
        #expect(last.first == .show(barts, page(1).resources))
        #expect(last.contains(.judge(barts, .answered(milliseconds: 40))))
        #expect(
            answer(last) == PeerAnswer(hie: barts, state: .answered, milliseconds: 40, count: 3, asOf: Self.at))
        #expect(gathering.isOver)
    }

    @Test("nothing held is an answer too") mutating func empty() {
        let actions = take(page(0, last: true, count: 0))
        #expect(answer(actions)?.state == .answered)
        #expect(answer(actions)?.count == 0)
    }

    @Test("pages may overtake one another; the same page again counts once; what comes behind the end is dropped")
    mutating func order() {
        #expect(take(page(1, last: true)).count == 1)
        #expect(take(page(1, last: true)) == [])
        #expect(take(page(7)) == [])
        #expect(answer(take(page(0)))?.count == 2)
        #expect(take(page(0)) == [])
    }

    @Test("at the deadline: nothing is timed out, something is partial; the peer failed if it had time")
    mutating func deadline() {
        _ = gathering.handle(.sent(barts), elapsed: 12)
        var actions = gathering.handle(.deadline, elapsed: 1010)
        #expect(actions.contains(.judge(barts, .failed(because: .peer))))
        var settled = answer(actions)
        #expect(settled?.state == .timedOut && settled?.cause == .peer && settled?.asOf == nil)
        #expect(settled?.reason == "no answer within 1000 ms")

        gathering = Self.make()
        _ = take(page(0))
        actions = gathering.handle(.deadline, elapsed: 400)
        #expect(actions.contains(.judge(barts, .abandoned)))
        settled = answer(actions)
        #expect(settled?.state == .partial && settled?.count == 1)

        gathering = Self.make()
        actions = gathering.handle(.deadline, elapsed: 1010)
        #expect(actions.contains(.judge(barts, .failed(because: .broker))))
        settled = answer(actions)
        #expect(settled?.state == .timedOut && settled?.cause == .broker)
        #expect(settled?.reason == "broker nel did not take the question within 1000 ms")
    }

    @Test("another patient's data is never shown: what came before is taken back, and it is an incident")
    mutating func foreign() {
        for isMixed in [true, false] {
            gathering = Self.make()
            _ = take(page(0))
            let bad = page(1, last: true, of: isMixed ? Self.patient : Self.stranger)
            let actions = take(bad, isMixed: isMixed)
            #expect(actions.prefix(2) == [.incident(barts), .withdraw(barts)])
            #expect(actions.contains(.judge(barts, .failed(because: .peer))))
            let settled = answer(actions)
            #expect(settled?.state == .refused && settled?.count == 0)
            #expect(settled?.reason == "its answer is of another patient, and is not shown")
            #expect(take(page(2, last: true)) == [])
        }
    }

    @Test("a refusal keeps its reason; a busy peer counts as one that failed, another refusal does not")
    mutating func refusal() {
        var actions = gathering.handle(.refused(barts, reason: "busy"), elapsed: 12)
        #expect(actions.contains(.judge(barts, .failed(because: .refusal))))
        #expect(answer(actions)?.state == .refused && answer(actions)?.cause == .refusal)
        gathering = Self.make()
        actions = gathering.handle(.refused(barts, reason: "not permitted"), elapsed: 12)
        #expect(actions.contains(.judge(barts, .answered(milliseconds: 2))))
        #expect(answer(actions)?.reason == "it refuses: not permitted")
    }

    @Test("what cannot be read, does not leave or has no room is told apart, and what came before is a part")
    mutating func mishaps() {
        typealias Row = (event: Gathering.Event, none: PeerAnswer.State, cause: PeerAnswer.Cause)
        let rows: [Row] = [
            (.unreadable(barts, reason: "x"), .refused, .peer), (.undelivered(barts, reason: "x"), .skipped, .broker),
            (.noRoom(barts), .refused, .limit), (.refused(barts, reason: "x"), .refused, .refusal),
        ]
        for row in rows {
            gathering = Self.make()
            let bare = answer(gathering.handle(row.event, elapsed: 20))
            #expect(bare?.state == row.none && bare?.cause == row.cause)
            gathering = Self.make()
            _ = take(page(0))
            let part = answer(gathering.handle(row.event, elapsed: 20))
            #expect(part?.state == .partial && part?.count == 1 && part?.cause == row.cause)
        }
        gathering = Self.make()
        _ = gathering.handle(.sent(barts), elapsed: 11)
        #expect(answer(gathering.handle(.undelivered(barts, reason: "x"), elapsed: 20))?.state == .timedOut)
    }

    @Test("promise P5: pages, bytes and resources without end are cut off") mutating func bounds() {
        for (pages, bytes, limit) in [(5, 1, 100), (2, 600, 100), (3, 1, 2)] {
            gathering = Self.make(limit: limit)
            for number in 0..<pages - 1 { #expect(answer(take(page(number, bytes: bytes))) == nil) }
            let settled = answer(take(page(pages - 1, bytes: bytes)))
            #expect(settled?.state == .partial && settled?.cause == .limit && settled?.count == pages - 1)
            #expect(settled?.reason == "it sends more than this worker takes")
        }
        gathering = Self.make()
        #expect(answer(take(page(0, bytes: 1001)))?.state == .refused)
    }

    @Test("the bound of all together holds though each keeps its own") mutating func allTogether() {
        gathering.ask(homerton, broker: "nel", at: Self.at, elapsed: 10)
        _ = take(page(0, bytes: 900))
        let big = IncomingRecordPage(page: page(0, last: true, bytes: 900))
        #expect(answer(gathering.handle(.page(homerton, big), elapsed: 60))?.cause == .limit)
        #expect(answer(take(page(1, last: true)))?.state == .answered)
    }

    @Test("resources that were left out, or more than were asked for, make it partial") mutating func leftOut() {
        var settled = answer(take(page(0, last: true, omitted: 2)))
        #expect(settled?.state == .partial && settled?.reason == "2 resources are too large to be sent")
        gathering = Self.make()
        settled = answer(take(page(0, last: true, more: true)))
        #expect(settled?.state == .partial && settled?.reason == "it holds more than 100")
    }

    @Test("promise P5: a peer that is late takes nothing from another one's answer") mutating func apart() {
        gathering.ask(homerton, broker: nil, at: Self.at, elapsed: 10)
        #expect(answer(take(page(0, last: true), elapsed: 15))?.milliseconds == 5)
        #expect(!gathering.isOver)
        #expect(answer(gathering.handle(.deadline, elapsed: 1000))?.hie == homerton)
        #expect(gathering.isOver)
    }

    @Test("when the one who asked has gone nobody is judged") mutating func abandoned() {
        #expect(gathering.handle(.abandoned, elapsed: 9000) == [.judge(barts, .abandoned)])
        #expect(gathering.isOver)
        #expect(take(page(0, last: true)) == [])
    }

    @Test("any order of events: each HIE is settled once, nothing is shown after that, bounds are kept")
    mutating func random() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<3000 {
            gathering = Self.make()
            gathering.ask(homerton, broker: "nel", at: Self.at, elapsed: 10)
            var settled: [HIEIdentifier] = []
            var bytes = 0
            for step in 0..<random.within(1...20) {
                let hie = random.chance(percent: 50) ? barts : homerton
                let event: Gathering.Event =
                    switch random.below(9) {
                    case 0: .sent(hie)
                    case 1: .refused(hie, reason: "busy")
                    case 2: .unreadable(hie, reason: "x")
                    case 3: .undelivered(hie, reason: "x")
                    case 4 where step > 10: .deadline
                    default:
                        .page(
                            hie,
                            IncomingRecordPage(
                                page: page(
                                    random.below(5), last: random.chance(percent: 20), count: random.below(3),
                                    bytes: random.below(400),
                                    of: random.chance(percent: 4) ? Self.stranger : Self.patient)))
                    }
                for action in gathering.handle(event, elapsed: Int64(20 + step)) {
                    switch action {
                    case .show(let source, let resources):
                        #expect(!settled.contains(source))
                        bytes += resources.reduce(0) { $0 + $1.body.count }
                    case .settled(let answer):
                        #expect(!settled.contains(answer.hie))
                        settled.append(answer.hie)
                    case .withdraw(let source), .incident(let source), .judge(let source, _):
                        #expect(!settled.contains(source))
                    }
                }
            }
            for action in gathering.handle(.deadline, elapsed: 1000) {
                if case .settled(let answer) = action { settled.append(answer.hie) }
            }
            #expect(settled.sorted() == [barts, homerton])
            #expect(gathering.isOver && bytes <= 1500)
        }
    }
}
