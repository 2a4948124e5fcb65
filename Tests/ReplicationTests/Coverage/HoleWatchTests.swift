import CareRecord
import LoadTest
import Testing

@testable import Replication

private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

private func ranges(_ watermark: Int64, _ islands: (Int64, Int64)...) -> AppliedRanges {
    AppliedRanges(
        watermark: watermark, islands: islands.map { AppliedRanges.Island(after: $0.0, through: $0.1) })
}

private func hole(_ after: Int64, _ through: Int64) -> HoleWatch.Hole { HoleWatch.Hole(after: after, through: through) }

@Suite("Hole watch") struct HoleWatchTests {
    private let age: Int64 = 100

    @Test("the lowest hole that has lasted is due, not before, and not one that closed") func due() {
        var watch = HoleWatch()
        let applied = ranges(2, (5, 6), (8, 9))
        watch.note(applied, head: 9, at: at(0))
        #expect(watch.due(applied, head: 9, at: at(99), ageMilliseconds: age) == nil)
        #expect(watch.due(applied, head: 9, at: at(100), ageMilliseconds: age) == hole(2, 5))
        let closed = ranges(6, (8, 9))
        watch.note(closed, head: 9, at: at(110))
        #expect(watch.due(closed, head: 9, at: at(110), ageMilliseconds: age) == hole(6, 8))
        let whole = ranges(9)
        watch.note(whole, head: 9, at: at(120))
        #expect(watch.due(whole, head: 9, at: at(9999), ageMilliseconds: age) == nil)
    }

    @Test("every hole has an age of its own") func ownAge() {
        var watch = HoleWatch()
        watch.note(ranges(2, (5, 6)), head: 6, at: at(0))
        let second = ranges(2, (5, 6), (8, 9))
        watch.note(second, head: 9, at: at(60))
        let closed = ranges(6, (8, 9))
        watch.note(closed, head: 9, at: at(90))
        #expect(watch.due(closed, head: 9, at: at(159), ageMilliseconds: age) == nil)
        #expect(watch.due(closed, head: 9, at: at(160), ageMilliseconds: age) == hole(6, 8))
    }

    @Test("a hole that shrinks from below or is split keeps the age of its upper end") func shrinks() {
        var watch = HoleWatch()
        watch.note(ranges(0, (9, 10)), head: 10, at: at(0))
        watch.note(ranges(4, (9, 10)), head: 10, at: at(50))
        #expect(watch.due(ranges(4, (9, 10)), head: 10, at: at(100), ageMilliseconds: age) == hole(4, 9))
        let split = ranges(4, (6, 7), (9, 10))
        watch.note(split, head: 10, at: at(60))
        #expect(watch.due(split, head: 10, at: at(100), ageMilliseconds: age) == hole(7, 9))
        #expect(watch.due(split, head: 10, at: at(160), ageMilliseconds: age) == hole(4, 6))
    }

    @Test("what is missing below the head counts from when the last change came") func tail() {
        var watch = HoleWatch()
        watch.note(ranges(3), head: 5, at: at(0))
        #expect(watch.due(ranges(3), head: 5, at: at(100), ageMilliseconds: age) == hole(3, 5))
        for step in Int64(1)...50 {
            watch.note(ranges(3 + step), head: 5 + 2 * step, at: at(step * 90))
            #expect(
                watch.due(ranges(3 + step), head: 5 + 2 * step, at: at(step * 90 + 89), ageMilliseconds: age) == nil)
        }
        watch.note(ranges(53), head: 200, at: at(4550))
        #expect(watch.due(ranges(53), head: 200, at: at(4600), ageMilliseconds: age) == hole(53, 200))
    }

    @Test("the tail is what lies above the highest island, and no tail is there without a head or above it")
    func above() {
        var watch = HoleWatch()
        let applied = ranges(3, (3, 3), (4, 6))
        watch.note(applied, head: 9, at: at(0))
        #expect(watch.due(ranges(6), head: 9, at: at(100), ageMilliseconds: age) == hole(6, 9))
        watch.note(ranges(6), head: nil, at: at(100))
        #expect(watch.due(ranges(6), head: 9, at: at(999), ageMilliseconds: age) == nil)
        watch.note(ranges(6), head: 9, at: at(1000))
        watch.note(ranges(9), head: 9, at: at(1010))
        #expect(watch.due(ranges(9), head: 9, at: at(2000), ageMilliseconds: age) == nil)
        #expect(watch.due(ranges(9), head: nil, at: at(2000), ageMilliseconds: age) == nil)
    }

    @Test("whatever comes in whatever order, what is due is missing, and what stays missing becomes due")
    func anything() {
        for seed in UInt64(0)..<200 {
            var random = SplitMix64(seed: seed)
            var watch = HoleWatch()
            var applied = AppliedRanges()
            let head: Int64 = 30
            for step in Int64(1)...40 {
                let after = Int64(random.below(30))
                if random.chance(percent: 40) { applied.insert(after: after, through: min(30, after + 3)) }
                watch.note(applied, head: head, at: at(step * 10))
                guard let due = watch.due(applied, head: head, at: at(step * 10), ageMilliseconds: age) else {
                    continue
                }
                let isMissing = (due.after + 1...due.through).allSatisfy { !applied.contains($0) }
                if !isMissing || due.through > head { Issue.record("seed \(seed), step \(step)") }
            }
            let due = watch.due(applied, head: head, at: at(400 + age), ageMilliseconds: age)
            #expect((due == nil) == (applied.watermark >= head), "seed \(seed)")
            if let due { #expect(due.after == applied.watermark, "seed \(seed)") }
        }
    }
}
