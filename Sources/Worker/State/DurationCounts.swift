import CareRecord
import NIOConcurrencyHelpers

/// How often what took how long: counts in buckets that are at most a thirty-second of their value wide, from a
/// microsecond to twelve days.
package final class DurationCounts: Sendable {
    package struct Bucket: Sendable, Hashable {
        /// The longest duration that counts here.
        package let microseconds: Int64
        package let count: Int64
    }

    package struct Snapshot: Sendable, Hashable {
        /// Those that have something, ascending.
        package let buckets: [Bucket]
        package let sumMicroseconds: Int64
    }

    private struct State {
        var counts = [Int64](repeating: 0, count: DurationCounts.bucketsMax)
        var sum: Int64 = 0
    }

    /// Buckets to each doubling.
    private static let stepBits = 5
    private static let longestBits = 40
    private static let bucketsMax = (longestBits - stepBits + 1) << stepBits

    private let state = NIOLockedValueBox(State())

    package init() {}

    /// Counts `count` events that took this long each.
    package func record(_ duration: Duration, count: Int64 = 1) {
        let microseconds = max(0, Int64(duration.seconds * 1_000_000))
        let bucket = Self.bucket(of: microseconds)
        state.withLockedValue { state in
            state.counts[bucket] += count
            state.sum += microseconds * count
        }
    }

    package var now: Snapshot {
        state.withLockedValue { state in
            Snapshot(
                buckets: state.counts.enumerated().filter { $0.element > 0 }.map { bucket, count in
                    Bucket(microseconds: Self.longest(in: bucket), count: count)
                },
                sumMicroseconds: state.sum)
        }
    }

    /// Values below 32 have a bucket each; above, every doubling has 32.
    static func bucket(of microseconds: Int64) -> Int {
        guard microseconds >> stepBits > 0 else { return Int(microseconds) }
        let exponent = Int64.bitWidth - 1 - microseconds.leadingZeroBitCount - stepBits
        let bucket = (exponent << stepBits) + Int(microseconds >> Int64(exponent))
        return min(bucket, bucketsMax - 1)
    }

    static func longest(in bucket: Int) -> Int64 {
        let exponent = max(0, (bucket >> stepBits) - 1)
        let step = Int64(bucket - (exponent << stepBits))
        return ((step + 1) << Int64(exponent)) - 1
    }
}

/// What a worker times of its work with brokers.
package struct Durations: Sendable {
    /// A change message, from its publication until the broker confirmed it.
    package let confirm = DurationCounts()
    /// A delivery of changes, from when it was taken until it was acknowledged.
    package let apply = DurationCounts()
}
