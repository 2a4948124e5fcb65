package import Histogram

/// The latencies of one clock: from the intended send, from the actual one, and those of the current second.
package struct LatencyRecorder: Sendable {
    /// An hour: what takes longer counts as that.
    private static let microsecondsMax: UInt64 = 3_600_000_000
    /// Of the buckets that a result lists.
    private static let bucketsMax = 2000

    package private(set) var corrected = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    package private(set) var uncorrected = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    private var interval = Histogram<UInt64>(numberOfSignificantValueDigits: .two)

    package init() {}

    package var count: UInt64 { corrected.totalCount }

    /// Both in nanoseconds; `count` events that took as long.
    package mutating func record(corrected longer: UInt64, uncorrected shorter: UInt64, count: Int = 1) {
        let microseconds = Self.microseconds(longer)
        corrected.record(microseconds, count: UInt64(count))
        uncorrected.record(Self.microseconds(shorter), count: UInt64(count))
        interval.record(microseconds, count: UInt64(count))
    }

    /// What somebody else measured, in whose clock both readings are the same.
    package mutating func record(microseconds: UInt64, count: UInt64) {
        let microseconds = min(microseconds, Self.microsecondsMax)
        corrected.record(microseconds, count: count)
        uncorrected.record(microseconds, count: count)
    }

    /// Median and 99th percentile of what was recorded since the last call, in milliseconds; `nil` for nothing.
    package mutating func takeInterval() -> (p50: Double, p99: Double)? {
        guard interval.totalCount > 0 else { return nil }
        defer { interval.reset() }
        return (interval.milliseconds(50), interval.milliseconds(99))
    }

    package var latency: LoadResult.Latency {
        LoadResult.Latency(
            corrected: LoadResult.Percentiles(corrected), uncorrected: LoadResult.Percentiles(uncorrected),
            recorded: corrected.buckets(atMost: Self.bucketsMax),
            recordedUncorrected: uncorrected.buckets(atMost: Self.bucketsMax))
    }

    private static func microseconds(_ nanoseconds: UInt64) -> UInt64 {
        min(nanoseconds / 1000, microsecondsMax)
    }
}

extension LoadResult.Percentiles {
    /// Of values in microseconds.
    package init(_ histogram: Histogram<UInt64>) {
        self.init()
        guard histogram.totalCount > 0 else { return }
        count = Int(histogram.totalCount)
        p50 = histogram.milliseconds(50)
        p90 = histogram.milliseconds(90)
        p99 = histogram.milliseconds(99)
        p999 = histogram.milliseconds(99.9)
        p9999 = histogram.milliseconds(99.99)
        max = Double(histogram.maxRecorded) / 1000
        mean = histogram.mean / 1000
    }
}

extension Histogram where Count == UInt64 {
    /// Of values in microseconds.
    package func milliseconds(_ percentile: Double) -> Double { Double(valueAtPercentile(percentile)) / 1000 }

    /// What was recorded, ascending; in coarser steps where there is more.
    func buckets(atMost limit: Int) -> [LoadResult.Bucket] {
        var buckets = recordedValues().map { LoadResult.Bucket(microseconds: $0.value, count: $0.count) }
        if buckets.count > limit {
            var coarser = Histogram(numberOfSignificantValueDigits: .two)
            for bucket in buckets { coarser.record(bucket.microseconds, count: bucket.count) }
            buckets = coarser.recordedValues().map { LoadResult.Bucket(microseconds: $0.value, count: $0.count) }
        }
        while buckets.count > limit {
            buckets = stride(from: 0, to: buckets.count, by: 2).map { first in
                let pair = buckets[first..<Swift.min(first + 2, buckets.count)]
                return LoadResult.Bucket(
                    microseconds: pair.last?.microseconds ?? 0, count: pair.reduce(0) { $0 + $1.count })
            }
        }
        return buckets
    }
}
