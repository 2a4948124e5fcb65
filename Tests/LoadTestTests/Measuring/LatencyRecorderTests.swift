import CareRecord
import Testing

@testable import LoadTest

@Suite("Latencies")
struct LatencyRecorderTests {
    @Test("percentiles are those of the values, to three digits", arguments: [1, 2, 3] as [UInt64])
    func percentiles(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var recorder = LatencyRecorder()
        var values: [UInt64] = []
        for _ in 0..<20_000 {
            let microseconds = UInt64(random.below(1 << (4 + random.below(22))))
            values.append(microseconds)
            recorder.record(corrected: microseconds * 1000 + 999, uncorrected: microseconds * 500)
        }
        values.sort()
        let found = recorder.latency.corrected
        for (share, value) in [(0.5, found.p50), (0.9, found.p90), (0.99, found.p99), (0.999, found.p999)] {
            let expected = Double(values[Int((share * 20_000).rounded(.up)) - 1]) / 1000
            #expect(abs(value - expected) <= max(0.001, expected * 0.001), "\(share)")
        }
        #expect(found.count == 20_000 && found.max == Double(values.last ?? 0) / 1000)
        let mean = Double(values.reduce(0, +)) / 20_000 / 1000
        #expect(abs(found.mean - mean) <= mean * 0.001)
        #expect(recorder.latency.uncorrected.p50 < found.p50)
    }

    @Test("a result lists a bounded number of buckets, and every value is in one")
    func buckets() {
        var random = SplitMix64(seed: 7)
        var recorder = LatencyRecorder()
        for _ in 0..<300_000 {
            recorder.record(corrected: random.next() >> UInt64(22 + random.below(12)), uncorrected: 0)
        }
        let buckets = recorder.latency.recorded
        #expect(buckets.count <= 2000 && buckets.count > 500)
        #expect(buckets.reduce(0) { $0 + $1.count } == 300_000)
        #expect(zip(buckets, buckets.dropFirst()).allSatisfy { $0.microseconds < $1.microseconds })
    }

    @Test("an interval tells what came in it, and nothing of it in the next")
    func intervals() throws {
        var recorder = LatencyRecorder()
        let nothing = recorder.takeInterval()
        #expect(nothing == nil)
        recorder.record(corrected: 5_000_000, uncorrected: 1_000_000, count: 10)
        let interval = recorder.takeInterval()
        let first = try #require(interval)
        #expect(abs(first.p50 - 5) < 0.05 && abs(first.p99 - 5) < 0.05)
        let next = recorder.takeInterval()
        #expect(next == nil && recorder.count == 10)
    }

    @Test("what takes longer than an hour counts as an hour")
    func longest() {
        var recorder = LatencyRecorder()
        recorder.record(corrected: .max, uncorrected: .max)
        recorder.record(microseconds: .max, count: 2)
        #expect(recorder.latency.corrected.max == 3_600_000 && recorder.count == 3)
    }
}
