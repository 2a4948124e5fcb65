import CareRecord
import Testing

@testable import Replication

@Suite("Subscription: filling") struct FillingTests {
    /// Numbers 1 to 5 are applied, and 8; a pulse said 8.
    private func holed() -> Told {
        var told = Told()
        told.advanced(5, [(7, 8)])
        told.pulse(8)
        return told
    }

    @Test("promise P1: a hole that has lasted is asked for, and the one below the head too") func holeIsDue() {
        var told = holed()
        #expect(told.tick(after: 1999) == [])
        #expect(told.tick(after: 1) == [.ask(question: 1, .changes(after: 5, through: 7))])
        #expect(told.tick(after: 9999) == [])
        var tail = Told()
        tail.advanced(5)
        tail.pulse(9)
        #expect(tail.tick(after: 2000) == [.ask(question: 1, .changes(after: 5, through: 9))])
    }

    @Test("pages are asked for ahead: the next question leaves before the last page is written, up to the limit")
    func pipelined() {
        var told = Told()
        told.advanced(0)
        told.pulse(100)
        #expect(told.tick(after: 2000) == [.ask(question: 1, .changes(after: 0, through: 100))])
        #expect(
            told.answer(1, Told.changes(0, 30, head: 120))
                == [.write(Told.page(0, 30)), .ask(question: 2, .changes(after: 30, through: 100))])
        #expect(told.answer(2, Told.changes(30, 60, head: 120)) == [.write(Told.page(30, 60))])
        told.advanced(30)
        #expect(told.handle(.written) == [.ask(question: 3, .changes(after: 60, through: 100))])
        told.advanced(60)
        #expect(told.handle(.written) == [])
        #expect(told.answer(3, Told.changes(60, 100, head: 120)) == [.write(Told.page(60, 100))])
        #expect(told.subscription.isBusy)
        told.advanced(100)
        #expect(told.handle(.written) == [])
        #expect(!told.subscription.isBusy)
        #expect(told.coverage.state == .complete)
    }

    @Test("a filling that ends goes on with the next hole that is due") func nextHole() {
        var told = Told()
        told.advanced(1, [(3, 4), (6, 7)])
        told.pulse(7)
        #expect(told.tick(after: 2000) == [.ask(question: 1, .changes(after: 1, through: 3))])
        #expect(told.answer(1, Told.changes(1, 3, head: 7)) == [.write(Told.page(1, 3))])
        told.advanced(4, [(6, 7)])
        #expect(told.handle(.written) == [.ask(question: 2, .changes(after: 4, through: 6))])
    }

    @Test("a first pulse of a source of which nothing is held has everything asked for") func firstJoin() {
        var told = Told()
        told.pulse(50)
        #expect(told.coverage.state == .joining(applied: 0, of: 50))
        #expect(told.tick(after: 2000) == [.ask(question: 1, .changes(after: 0, through: 50))])
    }

    @Test("an empty journal is whole at once, and nothing is asked for") func emptyJournal() {
        var told = Told()
        told.pulse(0)
        #expect(told.coverage.state == .complete)
        #expect(told.coverage.asOf == told.now)
        #expect(told.tick(after: 5000) == [])
    }

    @Test("the first changes of a journal that was empty are waited for like any other") func noLongerEmpty() {
        var told = Told()
        told.pulse(0)
        told.wait(60_000)
        told.pulse(3)
        #expect(told.coverage.state == .behind(changes: 3))
        #expect(told.tick(after: 1999) == [])
        #expect(told.tick(after: 1) == [.ask(question: 1, .changes(after: 0, through: 3))])
    }

    @Test("a new epoch that a pulse names has the whole journal asked for, an empty one too", arguments: [0, 9])
    func newEpoch(head: Int64) {
        var told = Told()
        told.advanced(5)
        told.pulse(5)
        #expect(told.coverage.state == .complete)
        told.wait(2000)
        told.pulse(head, epoch: Told.late)
        #expect(told.coverage.state != .complete)
        #expect(told.coverage.asOf == nil)
        #expect(told.tick(after: 1999) == [])
        #expect(told.tick(after: 1) == [.ask(question: 1, .changes(after: 0, through: head))])
        let page = Told.page(0, head, epoch: Told.late)
        #expect(told.answer(1, .changes(page, head: head)) == [.write(page)])
        told.advanced(head, epoch: Told.late)
        #expect(told.handle(.written) == [])
        #expect(told.coverage.state == .complete)
    }

    @Test("a question without an answer is asked again after a wait that doubles, up to its limit") func backOff() {
        var told = holed()
        told.wait(2000)
        var waits: [Int64] = []
        for question in 1...8 {
            var waited: Int64 = 0
            while told.handle(.tick) == [], waited < 60_000 {
                told.wait(100)
                waited += 100
            }
            waits.append(waited)
            #expect(told.handle(.unanswered(question: question, reason: "no answer in time")) == [])
            #expect(told.subscription.trouble == "no answer in time")
        }
        #expect(waits == [0, 500, 1000, 2000, 4000, 8000, 8000, 8000])
        told.wait(8000)
        #expect(told.handle(.tick) == [.ask(question: 9, .changes(after: 5, through: 7))])
        _ = told.answer(9, Told.changes(5, 7, head: 8))
        #expect(told.subscription.trouble == nil)
    }

    @Test("a refusal is waited out and its reason kept") func refused() {
        var told = holed()
        _ = told.tick(after: 2000)
        #expect(told.answer(1, .refusal(reason: "busy")) == [])
        #expect(told.subscription.trouble == "refused: busy")
        #expect(told.tick(after: 499) == [])
        #expect(told.tick(after: 1) == [.ask(question: 2, .changes(after: 5, through: 7))])
    }

    @Test("answers that are late, twice or to nobody's question are ignored") func ignored() {
        var told = holed()
        #expect(told.answer(1, Told.changes(5, 7, head: 8)) == [])
        #expect(told.handle(.unanswered(question: 1, reason: "late")) == [])
        #expect(told.handle(.written) == [])
        #expect(told.handle(.digestRead(BucketDigest(), SourceProgress())) == [])
        _ = told.tick(after: 2000)
        #expect(told.answer(0, Told.changes(5, 7, head: 8)) == [])
        #expect(told.answer(2, Told.changes(5, 7, head: 8)) == [])
        #expect(told.handle(.unanswered(question: 2, reason: "wrong")) == [])
        #expect(told.answer(1, Told.changes(5, 7, head: 8)) == [.write(Told.page(5, 7))])
        #expect(told.answer(1, Told.changes(5, 7, head: 8)) == [])
        #expect(told.handle(.unanswered(question: 1, reason: "late")) == [])
        #expect(told.subscription.trouble == nil)
    }

    @Test("an answer that is not to the question is not used, and asked for again after a wait") func wrongAnswers() {
        let wrong: [Answer] = [
            Told.changes(0, 7, head: 8), Told.changes(6, 7, head: 8), Told.state(8),
            .buckets(Told.buckets([1], 5, 8, head: 8)),
            .changes(Told.page(5, 7, source: kingston), head: 8),
        ]
        for answer in wrong {
            var told = holed()
            _ = told.tick(after: 2000)
            #expect(told.answer(1, answer) == [])
            #expect(told.subscription.trouble != nil)
            #expect(told.tick(after: 499) == [])
            #expect(told.tick(after: 1) == [.ask(question: 2, .changes(after: 5, through: 7))])
        }
    }

    @Test("a page that brings nothing of what its source has is no reason to ask at once again") func standstill() {
        var told = holed()
        _ = told.tick(after: 2000)
        #expect(told.answer(1, Told.changes(5, 5, head: 8)) == [])
        #expect(told.handle(.tick) == [])
        #expect(told.tick(after: 500) == [.ask(question: 2, .changes(after: 5, through: 7))])
    }

    @Test("a page of an epoch that is over is not written: the source is asked what it knows of itself")
    func overEpoch() {
        var told = Told()
        told.advanced(5, [(7, 8)], epoch: Told.late)
        told.pulse(8, epoch: Told.late)
        _ = told.tick(after: 2000)
        #expect(told.answer(1, Told.changes(5, 7, head: 8)) == [])
        #expect(told.handle(.tick) == [])
        #expect(told.tick(after: 500) == [.ask(question: 2, .state(JournalWitness(epoch: Told.late, through: 8)))])
    }

    @Test("promise P1: a page that is written after its filling was given up is not counted to the next one")
    func lateWritten() {
        var told = Told()
        told.advanced(0)
        told.pulse(100)
        _ = told.tick(after: 2000)
        _ = told.answer(1, Told.changes(0, 50, head: 100))
        #expect(told.handle(.unanswered(question: 2, reason: "no answer in time")) == [])
        // The disk is slow: until the page is written, nothing more is asked for.
        #expect(told.tick(after: 60_000) == [])
        told.advanced(50)
        #expect(told.handle(.written) == [])
        #expect(told.tick(after: 2000) == [.ask(question: 3, .changes(after: 50, through: 100))])
        #expect(told.answer(3, Told.changes(50, 100, head: 100)) == [.write(Told.page(50, 100))])
        told.advanced(100)
        #expect(told.handle(.written) == [])
        #expect(!told.subscription.isBusy)
    }

    @Test("promise P3: an index that begins anew knows nothing as of any time, and is filled again") func anew() {
        var told = Told()
        told.advanced(5)
        told.pulse(5)
        told.advanced(0, epoch: nil)
        #expect(told.coverage.asOf == nil)
        told.wait(2000)
        told.pulse(5)
        #expect(told.coverage.state == .joining(applied: 0, of: 5))
        #expect(told.tick(after: 2000) == [.ask(question: 1, .changes(after: 0, through: 5))])
    }

    @Test("what an earlier run kept is taken up: it counts at once, and its holes once they have lasted")
    func restored() {
        var told = Told()
        let kept = Freshness(head: 8, heardAt: told.now, asOf: told.now)
        told.subscription.restore(Told.progress(5, [(7, 8)]), digest: 4, kept)
        #expect(told.coverage.state == .behind(changes: 3))
        told.pulse(8)
        #expect(told.tick(after: 2000) == [.ask(question: 1, .changes(after: 5, through: 7))])
        var whole = Told()
        whole.subscription.restore(Told.progress(8), digest: 4, kept)
        #expect(whole.coverage.state == .complete)
    }
}
