import CareRecord
import LoadTest
import Testing

@testable import Replication

private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

@Suite("Answer queue") struct AnswerQueueTests {
    private func queue(running: Int = 2, waiting: Int = 16) -> AnswerQueue<String> {
        var limits = AnswerQueue<String>.Limits()
        limits.runningMax = running
        limits.waitingPerAskerMax = waiting
        return AnswerQueue(limits: limits)
    }

    /// Answers one question after the other, and says whose they were.
    private func drain(_ queue: inout AnswerQueue<String>, at moment: Timestamp = at(0)) -> [String] {
        var answered: [String] = []
        while let next = queue.next(at: moment) {
            answered.append(next.item)
            queue.done(next.asker)
        }
        return answered
    }

    @Test("promise P5: askers take turns, however many questions one of them has") func turns() {
        var queue = queue()
        for number in 1...4 { #expect(queue.add("b\(number)", from: barts, until: nil) == .waits) }
        for number in 1...2 { #expect(queue.add("k\(number)", from: kingston, until: nil) == .waits) }
        #expect(queue.add("h1", from: homerton, until: nil) == .waits)
        #expect(drain(&queue) == ["b1", "k1", "h1", "b2", "k2", "b3", "b4"])
    }

    @Test("promise P5: an asker has one question answered at a time, and a slow one holds up nobody else")
    func oneEach() {
        var queue = queue()
        for number in 1...3 { _ = queue.add("b\(number)", from: barts, until: nil) }
        #expect(queue.next(at: at(0))?.item == "b1")
        #expect(queue.next(at: at(0)) == nil)
        for number in 1...3 { _ = queue.add("k\(number)", from: kingston, until: nil) }
        for number in 1...3 {
            #expect(queue.next(at: at(0))?.item == "k\(number)")
            #expect(queue.next(at: at(0)) == nil)
            queue.done(kingston)
        }
        #expect(queue.next(at: at(0)) == nil)
        queue.done(barts)
        #expect(queue.next(at: at(0))?.item == "b2")
    }

    @Test("an asker may have several answered at a time, and leaves room for the others") func severalEach() {
        var queue = AnswerQueue<String>(limits: AnswerQueueLimits(runningMax: 4, runningPerAskerMax: 3))
        for number in 1...5 { _ = queue.add("b\(number)", from: barts, until: nil) }
        for number in 1...3 { #expect(queue.next(at: at(0))?.item == "b\(number)") }
        #expect(queue.next(at: at(0)) == nil)
        for number in 1...2 { _ = queue.add("k\(number)", from: kingston, until: nil) }
        #expect(queue.next(at: at(0))?.item == "k1")
        #expect(queue.next(at: at(0)) == nil)
        queue.done(barts)
        #expect(queue.next(at: at(0))?.item == "b4")
        queue.done(barts)
        #expect(queue.next(at: at(0))?.item == "k2")
        // Somebody who has nothing answered is done already.
        queue.done(homerton)
        #expect(queue.next(at: at(0)) == nil)
    }

    @Test("so many are answered at the same time, and not more") func running() {
        var queue = queue()
        for asker in [barts, kingston, homerton] { _ = queue.add("\(asker)", from: asker, until: nil) }
        #expect(queue.next(at: at(0))?.item == "barts")
        #expect(queue.next(at: at(0))?.item == "kingston")
        #expect(queue.next(at: at(0)) == nil)
        queue.done(kingston)
        #expect(queue.next(at: at(0))?.item == "homerton")
    }

    @Test("an asker with too many questions is refused, the others are not") func refused() {
        var queue = queue(waiting: 2)
        #expect(queue.add("b1", from: barts, until: nil) == .waits)
        #expect(queue.add("b2", from: barts, until: nil) == .waits)
        #expect(queue.add("b3", from: barts, until: nil) == .refused)
        #expect(queue.add("k1", from: kingston, until: nil) == .waits)
        _ = queue.next(at: at(0))
        #expect(queue.add("b4", from: barts, until: nil) == .waits)
        queue.done(barts)
        #expect(drain(&queue) == ["k1", "b2", "b4"])
    }

    @Test("what is too late is handed out to be dropped, with the next question or without one") func expired() {
        var queue = queue()
        _ = queue.add("b1", from: barts, until: at(100))
        _ = queue.add("b2", from: barts, until: at(200))
        _ = queue.add("k1", from: kingston, until: at(100))
        let next = queue.next(at: at(100))
        #expect(next?.item == "b2")
        #expect(next.map { Set($0.expired) } == ["b1", "k1"])
        queue.done(barts)
        _ = queue.add("b3", from: barts, until: at(150))
        #expect(queue.next(at: at(150)) == nil)
        #expect(queue.takeExpired(at: at(150)) == ["b3"])
        #expect(queue.takeExpired(at: at(150)) == [])
        #expect(queue.next(at: at(999)) == nil)
    }

    @Test("whatever comes when, every question is refused, answered or dropped once, within every limit")
    func everyOne() {
        for seed in UInt64(0)..<200 {
            var random = SplitMix64(seed: seed)
            var queue = queue(running: random.within(1...3), waiting: 3)
            var open: Set<String> = []
            var running: [HIEIdentifier] = []
            var now: Int64 = 0
            for number in 0..<300 {
                now += Int64(random.below(20))
                switch random.below(3) {
                case 0:
                    let until = random.chance(percent: 50) ? at(now + Int64(random.below(60))) : nil
                    let asker = random.pick([barts, kingston, homerton])
                    if queue.add("\(number)", from: asker, until: until) == .waits { open.insert("\(number)") }
                case 1:
                    guard let next = queue.next(at: at(now)) else { continue }
                    for item in next.expired + [next.item] where open.remove(item) == nil {
                        Issue.record("seed \(seed): \(item) twice")
                    }
                    if running.contains(next.asker) || running.count >= 3 { Issue.record("seed \(seed): too many") }
                    running.append(next.asker)
                default:
                    if !running.isEmpty { queue.done(running.remove(at: random.below(running.count))) }
                }
                if open.count > 9 { Issue.record("seed \(seed): \(open.count) wait") }
            }
            for asker in running { queue.done(asker) }
            for item in queue.takeExpired(at: at(now)) + drain(&queue, at: at(now)) where open.remove(item) == nil {
                Issue.record("seed \(seed): \(item) twice")
            }
            #expect(open == [], "seed \(seed)")
        }
    }
}
