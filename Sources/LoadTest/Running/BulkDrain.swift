import CareRecord
import NIOConcurrencyHelpers

/// How a journal that waited is applied. The clock starts when it was last seen that some subscriber had nothing of it.
final class BulkDrain: Sendable {
    private struct Point {
        let at: ContinuousClock.Instant
        let applied: Int64
    }

    let head: Int64
    let source: HIEIdentifier
    private let points = NIOLockedValueBox<(first: Point?, last: Point?)>((nil, nil))

    init(head: Int64, source: HIEIdentifier) {
        self.head = head
        self.source = source
    }

    /// How many changes every subscriber has applied by now.
    func note(_ applied: Int64, at now: ContinuousClock.Instant = .now) {
        points.withLockedValue { points in
            let point = Point(at: now, applied: applied)
            if applied == 0 || points.first == nil { points.first = point }
            points.last = point
        }
    }

    var isOver: Bool { points.withLockedValue { ($0.last?.applied ?? 0) >= head } }

    var seconds: Double {
        let (first, last) = points.withLockedValue { $0 }
        guard let first, let last else { return 0 }
        return (last.at - first.at) / .seconds(1)
    }

    /// Changes a second.
    var rate: Double {
        let (first, last) = points.withLockedValue { $0 }
        guard let first, let last, last.at > first.at else { return 0 }
        return Double(last.applied - first.applied) / ((last.at - first.at) / .seconds(1))
    }

    /// At the present rate; 0 where none is known yet.
    var secondsLeft: Double {
        let last = points.withLockedValue { $0.last?.applied ?? 0 }
        let rate = rate
        return rate > 0 ? Double(head - last) / rate : 0
    }

    func fill(_ result: inout LoadResult, subscribers: Int) {
        let applied = Int(points.withLockedValue { $0.last?.applied ?? 0 })
        result.durationSeconds = seconds
        result.rates["bulk"] = LoadResult.Rate(intended: nil, achieved: rate, count: applied)
        result.rates["applied"] = LoadResult.Rate(
            intended: nil, achieved: rate * Double(subscribers), count: applied * subscribers)
    }
}
