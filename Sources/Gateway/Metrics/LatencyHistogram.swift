import CareRecord
import NIOConcurrencyHelpers

/// How long things took, in fixed buckets from 1 ms to 60 s.
final class LatencyHistogram: Sendable {
    struct Snapshot: Sendable, Hashable {
        /// Durations up to each of ``LatencyHistogram/boundsSeconds`` and above the one before; last, those above all.
        var counts = [Int64](repeating: 0, count: LatencyHistogram.boundsSeconds.count + 1)
        var sumSeconds = 0.0
    }

    static let boundsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    private let snapshot = NIOLockedValueBox(Snapshot())

    var now: Snapshot { snapshot.withLockedValue { $0 } }

    func record(_ duration: Duration) {
        let seconds = duration.seconds
        let bucket = Self.boundsSeconds.firstIndex { seconds <= $0 } ?? Self.boundsSeconds.count
        snapshot.withLockedValue { snapshot in
            snapshot.counts[bucket] += 1
            snapshot.sumSeconds += seconds
        }
    }
}
