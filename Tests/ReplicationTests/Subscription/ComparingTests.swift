import CareRecord
import Testing

@testable import Replication

@Suite("Subscription: comparing and mending") struct ComparingTests {
    private static let witness = JournalWitness(epoch: Told.early, through: 8)

    /// All of 8 numbers is applied, and a pulse says that the digest is another.
    private func differing() -> Told {
        var told = Told()
        told.advanced(8, digest: 7)
        told.pulse(8, digest: 7)
        told.wait(2000)
        told.pulse(8, digest: 6)
        return told
    }

    @Test("promise P3: a digest that differs at the watermark is shown, and ends the as-of time") func shown() {
        var told = differing()
        #expect(told.coverage.state == .differing)
        #expect(told.coverage.state.word == "behind")
        #expect(told.coverage.asOf?.since(told.now) == -2000)
        told.wait(2000)
        told.pulse(8, digest: 6)
        told.advanced(8, digest: 7)
        #expect(told.coverage.state == .differing)
        #expect(told.coverage.asOf?.since(told.now) == -4000)
    }

    @Test("the buckets that differ are found, their tombstones kept, and mended page by page") func mending() {
        var told = differing()
        #expect(told.handle(.tick) == [.ask(question: 1, .state(Self.witness))])
        #expect(told.answer(1, Told.state(8, [3: 1, 200: 7])) == [.readDigest])
        let buckets = BucketSet([3, 200])!  // a constant
        #expect(
            told.handle(.digestRead(Told.digest([200: 6, 9: 0]), Told.progress(8)))
                == [.keepTombstones, .ask(question: 2, .buckets(buckets, after: 0))])
        let pages = [(0, 3), (3, 6), (6, 8)].map { Told.buckets([3, 200], $0.0, $0.1, head: 8) }
        #expect(
            told.answer(2, .buckets(pages[0])) == [.mend(pages[0]), .ask(question: 3, .buckets(buckets, after: 3))])
        #expect(told.answer(3, .buckets(pages[1])) == [.mend(pages[1])])
        #expect(told.handle(.written) == [.ask(question: 4, .buckets(buckets, after: 6))])
        #expect(told.answer(4, .buckets(pages[2])) == [.mend(pages[2])])
        #expect(told.handle(.written) == [])
        told.advanced(8, digest: 6)
        #expect(told.handle(.written) == [.forgetTombstones])
        #expect(!told.subscription.isBusy)
        // It is believed when a digest says so.
        #expect(told.coverage.state == .differing)
        told.pulse(8, digest: 6)
        #expect(told.coverage.state == .complete)
        #expect(told.coverage.asOf == told.now)
        #expect(told.subscription.trouble == nil)
    }

    @Test("promise P3: a mending that did not help is no success: it begins again after a wait that grows") func again()
    {
        var told = differing()
        for (round, wait) in [(0, 500), (1, 1000), (2, 2000), (3, 4000)] as [(Int, Int64)] {
            #expect(told.handle(.tick) == [.ask(question: 2 * round + 1, .state(Self.witness))])
            _ = told.answer(2 * round + 1, Told.state(8, [3: 1]))
            _ = told.handle(.digestRead(BucketDigest(), Told.progress(8)))
            _ = told.answer(2 * round + 2, .buckets(Told.buckets([3], 0, 8, head: 8)))
            #expect(told.handle(.written) == [.forgetTombstones])
            #expect(told.tick(after: wait - 1) == [])
            told.pulse(8, digest: 6)
            #expect(told.coverage.state == .differing)
            told.wait(1)
        }
    }

    @Test("what agrees after all is not mended") func agrees() {
        var told = differing()
        _ = told.handle(.tick)
        _ = told.answer(1, Told.state(8, [3: 1]))
        #expect(told.handle(.digestRead(Told.digest([3: 1]), Told.progress(8))) == [])
        #expect(!told.subscription.isBusy)
        #expect(told.tick(after: 500) == [])
    }

    @Test("a pulse that agrees ends the difference without a question") func healed() {
        var told = differing()
        told.pulse(8, digest: 7)
        #expect(told.coverage.state == .complete)
        #expect(told.handle(.tick) == [])
    }

    @Test("when either side has moved on meanwhile, it is compared again after a wait that grows") func movedOn() {
        let meanwhile: [(Int64, SourceProgress)] = [
            (9, Told.progress(8)), (8, Told.progress(9)), (8, Told.progress(8, [(9, 10)])),
            (8, Told.progress(8, epoch: Told.late)), (8, Told.progress(8, epoch: nil)),
        ]
        for (head, progress) in meanwhile {
            var told = differing()
            for (question, wait) in [(1, 500), (2, 1000), (3, 2000)] as [(Int, Int64)] {
                #expect(told.handle(.tick) == [.ask(question: question, .state(Self.witness))])
                #expect(told.answer(question, Told.state(head, [3: 1])) == [.readDigest])
                #expect(told.handle(.digestRead(BucketDigest(), progress)) == [])
                #expect(told.tick(after: wait - 1) == [])
                told.wait(1)
            }
        }
    }

    @Test("with dead letters of the source the digests differ for that reason, and are not compared") func held() {
        var told = Told()
        told.subscription.held = 1
        told.advanced(8, digest: 7)
        told.pulse(8, digest: 6)
        #expect(told.coverage.state == .held(deadLetters: 1))
        #expect(told.tick(after: 5000) == [])
        told.pulse(8, digest: 6)
        told.subscription.held = 0
        told.pulse(8, digest: 6)
        #expect(told.coverage.state == .differing)
        told.subscription.held = 2
        #expect(told.handle(.tick) == [])
        told.subscription.held = 0
        #expect(told.handle(.tick) == [.ask(question: 1, .state(Self.witness))])
    }

    @Test("what is applied above a hole is not compared") func islands() {
        var told = Told()
        told.advanced(5, [(7, 8)], digest: 7)
        told.pulse(5, digest: 6)
        #expect(told.coverage.state != .differing)
    }

    @Test("a hole is asked for before a difference is looked for") func holeFirst() {
        var told = differing()
        told.wait(1)
        told.pulse(12, digest: 6)
        let witness = JournalWitness(epoch: Told.early, through: 12)
        #expect(told.handle(.tick) == [.ask(question: 1, .state(witness))])
        _ = told.handle(.unanswered(question: 1, reason: "late"))
        #expect(told.tick(after: 2000) == [.ask(question: 2, .changes(after: 8, through: 12))])
    }

    @Test("a mending that is given up forgets its tombstones, and begins again from the comparison") func givenUp() {
        let ends: [(inout Told) -> [Subscription.Action]] = [
            { $0.handle(.unanswered(question: 2, reason: "late")) },
            { $0.answer(2, .refusal(reason: "busy")) },
            { $0.answer(2, Told.state(8)) },
            { $0.answer(2, Told.changes(0, 8, head: 8)) },
            { $0.answer(2, .buckets(Told.buckets([4], 0, 8, head: 8))) },
            { $0.answer(2, .buckets(Told.buckets([3], 1, 8, head: 8))) },
            { $0.answer(2, .buckets(Told.buckets([3], 0, 0, head: 8))) },
            { $0.answer(2, .buckets(Told.buckets([3], 0, 8, head: 8, epoch: Told.late))) },
            {
                $0.answer(
                    2, .buckets(Told.buckets([3], 0, 8, head: 8, source: kingston)))
            },
        ]
        for (number, end) in ends.enumerated() {
            var told = differing()
            _ = told.handle(.tick)
            _ = told.answer(1, Told.state(8, [3: 1]))
            _ = told.handle(.digestRead(BucketDigest(), Told.progress(8)))
            #expect(end(&told) == [.forgetTombstones], "end \(number)")
            #expect(told.tick(after: 499) == [], "end \(number)")
            #expect(told.tick(after: 1) == [.ask(question: 3, .state(Self.witness))], "end \(number)")
        }
    }

    @Test("pages of a mending that was given up are waited for before anything begins") func lateMended() {
        var told = differing()
        _ = told.handle(.tick)
        _ = told.answer(1, Told.state(8, [3: 1]))
        _ = told.handle(.digestRead(BucketDigest(), Told.progress(8)))
        _ = told.answer(2, .buckets(Told.buckets([3], 0, 4, head: 8)))
        #expect(told.handle(.unanswered(question: 3, reason: "late")) == [.forgetTombstones])
        #expect(told.tick(after: 9000) == [])
        #expect(told.handle(.written) == [])
        #expect(told.handle(.tick) == [.ask(question: 4, .state(Self.witness))])
    }
}

@Suite("Subscription: a source that knows less") struct AheadTests {
    private static let witness = JournalWitness(epoch: Told.early, through: 8)

    /// 8 numbers are applied and confirmed by a pulse; then a pulse says 5.
    private func ahead() -> Told {
        var told = Told()
        told.advanced(8)
        told.pulse(8)
        told.wait(2000)
        told.pulse(5)
        return told
    }

    @Test("promise P3: a head below what was applied at the last pulse is shown, and the source told what was seen")
    func lowerHead() {
        var told = ahead()
        #expect(told.coverage.state == .differing)
        #expect(told.coverage.asOf?.since(told.now) == -2000)
        #expect(told.handle(.tick) == [.ask(question: 1, .state(Self.witness))])
        #expect(told.answer(1, Told.state(5, epoch: Told.late)) == [])
        told.pulse(5, epoch: Told.late)
        #expect(told.tick(after: 2000) == [.ask(question: 2, .changes(after: 0, through: 5))])
    }

    @Test("changes that overtake a pulse are no reason to ask") func overtaken() {
        var told = Told()
        told.advanced(8)
        told.pulse(5)
        #expect(told.tick(after: 5000) == [])
        told.pulse(8)
        #expect(told.coverage.state == .complete)
        told.advanced(12)
        told.pulse(10)
        #expect(told.coverage.state == .complete)
        #expect(told.tick(after: 5000) == [])
    }

    @Test("a source that says less only in an old pulse is found to know it all") func oldPulse() {
        var told = ahead()
        _ = told.handle(.tick)
        #expect(told.answer(1, Told.state(9)) == [])
        told.pulse(8)
        #expect(told.coverage.state == .complete)
        #expect(told.tick(after: 500) == [])
    }

    @Test("while the source keeps its epoch it is asked again after a wait that grows") func persists() {
        var told = ahead()
        for (question, wait) in [(1, 500), (2, 1000), (3, 2000), (4, 4000), (5, 8000), (6, 8000)] as [(Int, Int64)] {
            #expect(told.handle(.tick) == [.ask(question: question, .state(Self.witness))])
            #expect(told.answer(question, Told.state(5)) == [])
            #expect(told.subscription.trouble != nil)
            #expect(told.tick(after: wait - 1) == [])
            told.wait(1)
        }
    }

    @Test("a pulse of an epoch that is over has the source asked what it knows", arguments: [true, false])
    func overEpoch(isStill: Bool) {
        var told = Told()
        told.advanced(8, epoch: Told.late)
        told.pulse(8, epoch: Told.late)
        told.wait(2000)
        told.pulse(20, epoch: Told.early)
        #expect(told.subscription.freshness.head == 8)
        #expect(told.handle(.tick) == [.ask(question: 1, .state(JournalWitness(epoch: Told.late, through: 8)))])
        #expect(told.answer(1, Told.state(8, epoch: isStill ? Told.early : Told.late)) == [])
        #expect(told.tick(after: 499) == [])
        let again = [Subscription.Action.ask(question: 2, .state(JournalWitness(epoch: Told.late, through: 8)))]
        #expect(told.tick(after: 1) == (isStill ? again : []))
    }

    @Test("a page whose head is below what is applied has the source asked what it knows") func lowerPage() {
        var told = Told()
        told.advanced(5, [(7, 8)])
        told.pulse(8)
        _ = told.tick(after: 2000)
        #expect(told.answer(1, Told.changes(5, 6, head: 6)) == [.write(Told.page(5, 6))])
        told.advanced(6, [(7, 8)])
        #expect(told.handle(.written) == [.ask(question: 2, .state(Self.witness))])
    }

    @Test("changes that overtake an answer on its way are no reason to think that its source knows less")
    func overtakenAnswers() {
        var told = Told()
        told.advanced(5, [(7, 8)])
        told.pulse(8)
        _ = told.tick(after: 2000)
        told.advanced(5, [(7, 12)])
        #expect(told.answer(1, Told.changes(5, 7, head: 8)) == [.write(Told.page(5, 7))])
        told.advanced(12)
        #expect(told.handle(.written) == [])
        told.pulse(12)
        #expect(told.coverage.state == .complete)
        var ahead = ahead()
        _ = ahead.handle(.tick)
        ahead.advanced(20)
        #expect(ahead.answer(1, Told.state(15)) == [])
        ahead.pulse(20)
        #expect(ahead.coverage.state == .complete)
    }

    @Test("a new epoch ends every suspicion of the old one") func newEpoch() {
        var told = ahead()
        told.advanced(3, epoch: Told.late)
        #expect(told.handle(.tick) == [])
        told.pulse(3, epoch: Told.late)
        #expect(told.coverage.state == .complete)
    }

    @Test("a differing source that has begun a new epoch is not asked for its state again and again")
    func differingEpoch() {
        var told = Told()
        told.advanced(8, digest: 7)
        told.pulse(8, digest: 6)
        #expect(told.handle(.tick) == [.ask(question: 1, .state(Self.witness))])
        #expect(told.answer(1, Told.state(0, epoch: Told.late)) == [])
        #expect(told.tick(after: 499) == [])
    }
}
