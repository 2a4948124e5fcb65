/// How fast a plan is replayed: first the canary, then in a window that grows with what goes well, never faster than
/// asked for, and no further than its failures allow. A machine: times are milliseconds of any clock that only grows.
package struct ReplayPace: Sendable {
    package struct Limits: Sendable {
        /// Letters on their way at the beginning, and at most.
        package var windowFirst = 16
        package var windowMax = 2048
        /// With a rate: for so long of it letters may be on their way from the beginning.
        package var windowSeconds = 5.0
        /// What a rate may save up, in milliseconds: so that it is even.
        package var burstMilliseconds: Double = 50

        package init() {}
    }

    private let limits: Limits
    private let canary: Int
    private let ratePerMillisecond: Double?
    private let failuresMax: Int?
    private let windowFirst: Int
    /// Letters that may be on their way.
    package private(set) var window: Int
    package private(set) var inFlight = 0
    private var sent = 0
    private var settled = 0
    private var failed = 0
    private var settledSinceGrowth = 0
    private var saved: Double
    private var savedAt: Int64

    /// `canary` is what is left of it.
    package init(
        canary: Int, ratePerSecond: Double?, stopOnFailures: Int?, limits: Limits = Limits(), now: Int64
    ) {
        self.limits = limits
        self.canary = canary
        ratePerMillisecond = ratePerSecond.map { $0 / 1000 }
        failuresMax = stopOnFailures
        // A rate bounds what is on its way by itself, and its results are written down seldom.
        let usual = Int((ratePerSecond ?? 0) * limits.windowSeconds)
        windowFirst = min(limits.windowMax, max(limits.windowFirst, usual))
        window = windowFirst
        saved = 1
        savedAt = now
    }

    /// Whether the canary's letters have all gone well.
    package var isCanaryOver: Bool { settled >= canary }

    /// Why nothing more is to be sent; `nil` while it goes on.
    package var stop: String? {
        if failed > 0, settled <= canary { return "\(failed) of the first \(canary) failed again" }
        guard let failuresMax, failed >= failuresMax else { return nil }
        return "\(failed) failed again, as many as were allowed"
    }

    /// How many letters may be sent now.
    package mutating func allowance(at now: Int64) -> Int {
        guard stop == nil else { return 0 }
        var room = window - inFlight
        if !isCanaryOver { room = min(room, canary - sent) }
        guard let ratePerMillisecond else { return max(0, room) }
        let most = max(1, ratePerMillisecond * limits.burstMilliseconds)
        saved = min(most, saved + Double(max(0, now - savedAt)) * ratePerMillisecond)
        savedAt = now
        return max(0, min(room, Int(saved)))
    }

    package mutating func noteSent(_ count: Int) {
        sent += count
        inFlight += count
        saved -= Double(count)
    }

    package mutating func noteSettled(_ count: Int, failed failures: Int) {
        inFlight = max(0, inFlight - count)
        settled += count
        failed += failures
        settledSinceGrowth += count
        if settledSinceGrowth >= window, failures == 0, isCanaryOver {
            settledSinceGrowth = 0
            window = min(limits.windowMax, window * 2)
        }
    }

    /// What was on its way is sent again: the session that carried it is over.
    package mutating func takeBack() {
        sent -= inFlight
        inFlight = 0
        window = windowFirst
        settledSinceGrowth = 0
    }
}
