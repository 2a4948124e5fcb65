import Testing

@testable import Worker

@Suite("Counts of durations") struct DurationCountsTests {
    @Test("every duration counts in a bucket that is at most a thirty-second of it wider") func buckets() {
        let long: [Int64] = (13...38).flatMap { bits in [1 << bits, (1 << bits) + 77, (1 << bits) - 1] as [Int64] }
        for microseconds in Array(0...5000 as ClosedRange<Int64>) + long {
            let bucket = DurationCounts.bucket(of: microseconds)
            let longest = DurationCounts.longest(in: bucket)
            #expect(longest >= microseconds && longest - microseconds <= microseconds / 32, "\(microseconds)")
            #expect(DurationCounts.bucket(of: longest) == bucket)
            #expect(DurationCounts.bucket(of: longest + 1) == bucket + 1)
        }
    }

    @Test("what is longer than twelve days counts as that, and nothing is negative") func ends() {
        let counts = DurationCounts()
        counts.record(.seconds(4_000_000))
        counts.record(.seconds(-1))
        counts.record(.microseconds(7), count: 3)
        let buckets = counts.now.buckets
        #expect(buckets.map(\.count) == [1, 3, 1])
        #expect(buckets.map(\.microseconds).prefix(2) == [0, 7])
        #expect(counts.now.sumMicroseconds == 4_000_000_000_021)
    }

    @Test("a confirm that is told before its publication is timed all the same, once") func early() {
        var times = ConfirmTimes()
        let start = ContinuousClock.now
        #expect(times.sent(1, at: start) == nil)
        #expect(times.confirmed(2, at: start + .milliseconds(9)) == nil)
        #expect(times.sent(2, at: start + .milliseconds(4)) == .milliseconds(5))
        #expect(times.confirmed(1, at: start + .milliseconds(3)) == .milliseconds(3))
        #expect(times.confirmed(1, at: start + .milliseconds(3)) == nil)
    }
}
