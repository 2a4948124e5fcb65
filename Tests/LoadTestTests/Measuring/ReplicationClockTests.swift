import CareRecord
import Testing

@testable import LoadTest

@Suite("Replication clock")
struct ReplicationClockTests {
    private struct Seen: Equatable {
        let subscriber: Int
        let changes: Int
        let corrected: UInt64
        let uncorrected: UInt64
    }

    private var clock = ReplicationClock(hies: 3)
    private var seen: [Seen] = []

    private mutating func accept(_ source: Int, head: Int64, _ changes: Int, intended: UInt64, at moment: UInt64) {
        var seen: [Seen] = []
        clock.accepted(source: source, head: head, changes: changes, intendedAt: intended, at: moment) {
            seen.append(Seen(subscriber: $0, changes: $1.changes, corrected: $1.corrected, uncorrected: $1.uncorrected))
        }
        self.seen += seen
    }

    private mutating func progress(_ source: Int, at subscriber: Int, _ watermark: Int64, _ moment: UInt64) {
        var seen: [Seen] = []
        clock.progress(source: source, subscriber: subscriber, watermark: watermark, at: moment) {
            seen.append(Seen(subscriber: $0, changes: $1.changes, corrected: $1.corrected, uncorrected: $1.uncorrected))
        }
        self.seen += seen
    }

    @Test("a submission is applied where the watermark has reached its head, once at each subscriber")
    mutating func applied() {
        accept(0, head: 5, 5, intended: 10, at: 20)
        progress(0, at: 1, 4, 25)
        #expect(seen.isEmpty)
        progress(0, at: 1, 5, 30)
        progress(0, at: 1, 6, 31)
        #expect(seen == [Seen(subscriber: 1, changes: 5, corrected: 20, uncorrected: 10)])
        #expect(clock.waitingCount(subscriber: 2) == 5 && clock.waitingCount(subscriber: 1) == 0)
        progress(0, at: 2, 9, 70)
        #expect(seen.last == Seen(subscriber: 2, changes: 5, corrected: 60, uncorrected: 50))
    }

    @Test("the source itself is none of its subscribers")
    mutating func own() {
        accept(0, head: 5, 5, intended: 10, at: 20)
        progress(0, at: 0, 5, 30)
        #expect(seen.isEmpty)
    }

    @Test("what was applied before its acceptance was heard took no time from there")
    mutating func early() {
        progress(0, at: 1, 7, 15)
        accept(0, head: 5, 2, intended: 10, at: 20)
        #expect(seen == [Seen(subscriber: 1, changes: 2, corrected: 10, uncorrected: 0)])
    }

    @Test("acceptances that come in another order than their commits are each counted once")
    mutating func reordered() {
        accept(0, head: 9, 4, intended: 1, at: 20)
        progress(0, at: 1, 9, 25)
        accept(0, head: 5, 2, intended: 2, at: 30)
        progress(0, at: 2, 5, 40)
        progress(0, at: 2, 9, 50)
        #expect(seen.map(\.subscriber) == [1, 1, 2, 2] && seen.map(\.changes) == [4, 2, 2, 4])
    }

    @Test("a watermark that goes back takes nothing back")
    mutating func back() {
        progress(0, at: 1, 5, 5)
        progress(0, at: 1, 0, 6)
        accept(0, head: 5, 1, intended: 7, at: 8)
        #expect(seen.map(\.subscriber) == [1])
    }

    @Test("every pair of change and subscriber is counted exactly once, in whatever order", arguments: 1...20)
    mutating func property(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var heads: [Int64] = [0, 0, 0]
        var unheard: [(source: Int, head: Int64, changes: Int)] = []
        var changes = [0, 0, 0]
        for step in 0..<2_000 {
            let source = random.below(3)
            switch random.below(4) {
            case 0:
                let count = random.within(1...5)
                heads[source] += Int64(count)
                changes[source] += count
                unheard.append((source, heads[source], count))
            case 1 where !unheard.isEmpty:
                let next = unheard.remove(at: random.below(min(3, unheard.count)))
                accept(next.source, head: next.head, next.changes, intended: UInt64(step), at: UInt64(step + 1))
            default: progress(source, at: random.below(3), Int64(random.below(Int(heads[source]) + 1)), UInt64(step))
            }
        }
        for next in unheard { accept(next.source, head: next.head, next.changes, intended: 3_000, at: 3_001) }
        for source in 0..<3 { for subscriber in 0..<3 { progress(source, at: subscriber, heads[source], 3_002) } }
        for subscriber in 0..<3 {
            let expected = changes.enumerated().reduce(0) { $0 + ($1.offset == subscriber ? 0 : $1.element) }
            #expect(seen.filter { $0.subscriber == subscriber }.reduce(0) { $0 + $1.changes } == expected)
            #expect(clock.waitingCount(subscriber: subscriber) == 0)
        }
        #expect(clock.forgottenCount == 0)
    }
}
