/// One stream of an open-loop schedule: events at equal distances, whatever becomes of those before. Pure.
///
/// None is skipped and none waits for an answer: what is taken up late was late by the generator's own fault. Moments
/// are nanoseconds of the monotonic clock.
struct OpenLoop: Sendable {
    /// Events that are told at once; the rest at the next call.
    static let dueMax = 10_000

    let perSecond: Double
    let start: UInt64
    /// Events of the whole stream.
    let count: Int
    /// Events that were told.
    private(set) var takenCount = 0

    init(perSecond: Double, start: UInt64, seconds: Double) {
        self.perSecond = perSecond
        self.start = start
        count = Int((perSecond * seconds).rounded())
    }

    func intendedAt(_ event: Int) -> UInt64 { start + UInt64(Double(event) / perSecond * 1e9) }

    /// When the next event is due; `nil` when there is none.
    var nextAt: UInt64? { takenCount < count ? intendedAt(takenCount) : nil }

    /// The events that are due and were not told before.
    mutating func due(at now: UInt64) -> Range<Int> {
        let first = takenCount
        while takenCount < count, takenCount - first < Self.dueMax, intendedAt(takenCount) <= now { takenCount += 1 }
        return first..<takenCount
    }
}
