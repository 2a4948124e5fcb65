/// Lets whoever does small portions of work rest in between, so that what comes meanwhile shares the next portion.
///
/// A portion has a price of its own, whatever it holds: a transaction has pages of the log and a commit, a message has
/// a confirm and a transaction at each of its subscribers, and everything has threads to wake. Where the machine has
/// time to spare a portion is done soon, and so is the rest after it; where ten workers share two cores both grow, and
/// with them what one portion holds. Whoever comes after a pause waits for nothing.
struct Pace {
    /// A rest lasts so many times as long as the portion before it took.
    private let factor: Int
    private let restMax: Duration
    private var restsUntil = ContinuousClock.now

    private init(factor: Int, restMax: Duration) {
        self.factor = factor
        self.restMax = restMax
    }

    /// Of transactions on the index.
    static var transactions: Pace { Pace(factor: 8, restMax: .milliseconds(50)) }
    /// Of messages, which cost most where they arrive.
    static var messages: Pace { Pace(factor: 2, restMax: .milliseconds(250)) }

    /// Returns when the rest is over; throws when the task is cancelled.
    func rest() async throws {
        if restsUntil > .now { try await Task.sleep(until: restsUntil, clock: .continuous) }
    }

    /// A portion took so long and is over. After a full one there is more to do, and no rest.
    mutating func worked(for duration: Duration, isFull: Bool) {
        let now = ContinuousClock.now
        restsUntil = isFull ? now : now + min(restMax, duration * factor)
    }
}
