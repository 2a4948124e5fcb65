package import CareRecord

/// Whether a peer is asked: one that fails or is slow is left alone for a while, so that it costs nobody anything
/// (promise P5), and is tried again by a question whose answer nobody waits for.
///
/// Closed → open (by failures in a row, or by slow answers among the last ones) → probing, after a wait that grows →
/// half-open, once a probe was answered: one question is let through → closed, or open again.
package struct CircuitBreaker: Sendable, Hashable {
    package struct Settings: Sendable, Hashable {
        /// Failures in a row that open it.
        package var failuresMax = 3
        /// An answer that takes longer is slow.
        package var slowAfterMilliseconds: Int64 = 750
        /// Slow ones among the last ``recentMax`` answers that open it.
        package var slowMax = 5
        package var recentMax = 10
        /// How long it stays open before the peer is probed; doubled with every probe or trial that fails.
        package var openMilliseconds: Int64 = 5000
        package var openMillisecondsMax: Int64 = 20_000

        package init() {}
    }

    package enum State: Sendable, Hashable {
        case closed
        case open(since: Timestamp)
        /// It answers probes again: one question is let through.
        case halfOpen(since: Timestamp)

        /// `closed`, `open`, `half-open`.
        package var word: String {
            switch self {
            case .closed: "closed"
            case .open: "open"
            case .halfOpen: "half-open"
            }
        }
    }

    /// What became of a question that was let through.
    package enum Outcome: Sendable, Hashable {
        case answered(milliseconds: Int64)
        case failed(because: PeerAnswer.Cause)
        /// It says nothing about the peer: it was given up, or had too little time.
        case abandoned
    }

    private enum Phase: Sendable, Hashable {
        case closed
        case waiting(until: Timestamp)
        case probing
        case halfOpen
        /// The one question of the half-open breaker is on its way.
        case trying
    }

    private let settings: Settings
    private var phase = Phase.closed
    private var openedAt: Timestamp?
    private var failuresInARow = 0
    /// Whether each of the last answers was slow, the oldest first.
    private var recent: [Bool] = []
    private var wait: Int64
    /// Of the last failure; slowness is the peer's.
    package private(set) var cause = PeerAnswer.Cause.peer

    package init(settings: Settings = Settings()) {
        self.settings = settings
        wait = settings.openMilliseconds
    }

    package var state: State {
        guard let openedAt else { return .closed }
        return switch phase {
        case .closed: .closed
        case .waiting, .probing: .open(since: openedAt)
        case .halfOpen, .trying: .halfOpen(since: openedAt)
        }
    }

    /// Whether a question may be asked now. For one that was let through, ``record(_:at:)`` is due.
    package mutating func admits() -> Bool {
        switch phase {
        case .closed: return true
        case .waiting, .probing, .trying: return false
        case .halfOpen:
            phase = .trying
            return true
        }
    }

    package mutating func record(_ outcome: Outcome, at now: Timestamp) {
        switch phase {
        case .closed: judge(outcome, at: now)
        case .trying: end(outcome, at: now)
        // What was asked before it opened says nothing new.
        case .waiting, .probing, .halfOpen: break
        }
    }

    /// Whether the peer is to be probed now. For a probe that is due, ``probed(_:at:)`` is due.
    package mutating func takeProbe(at now: Timestamp) -> Bool {
        guard case .waiting(let until) = phase else { return false }
        // A clock that was set back does not keep it open for longer than the wait.
        guard until <= now || until.since(now) > wait else { return false }
        phase = .probing
        return true
    }

    package mutating func probed(_ outcome: Outcome, at now: Timestamp) {
        guard phase == .probing else { return }
        if case .answered(let milliseconds) = outcome, milliseconds <= settings.slowAfterMilliseconds {
            phase = .halfOpen
        } else {
            openAgain(at: now)
        }
    }

    /// What stood in the way is gone: the next probe is due now, and the wait is short again.
    package mutating func hasten(at now: Timestamp) {
        wait = settings.openMilliseconds
        if case .waiting = phase { phase = .waiting(until: now) }
    }

    private mutating func judge(_ outcome: Outcome, at now: Timestamp) {
        switch outcome {
        case .abandoned: return
        case .failed(let cause):
            self.cause = cause
            failuresInARow += 1
        case .answered(let milliseconds):
            cause = .peer
            failuresInARow = 0
            recent.append(milliseconds > settings.slowAfterMilliseconds)
            if recent.count > settings.recentMax { recent.removeFirst() }
        }
        let slow = recent.count { $0 }
        guard failuresInARow >= settings.failuresMax || slow >= settings.slowMax else { return }
        openedAt = now
        wait = settings.openMilliseconds
        phase = .waiting(until: Timestamp(milliseconds: now.milliseconds + wait))
    }

    private mutating func end(_ trial: Outcome, at now: Timestamp) {
        switch trial {
        case .abandoned: phase = .halfOpen
        case .answered(let milliseconds) where milliseconds <= settings.slowAfterMilliseconds:
            self = CircuitBreaker(settings: settings)
        case .failed(let cause):
            self.cause = cause
            openAgain(at: now)
        case .answered: openAgain(at: now)
        }
    }

    private mutating func openAgain(at now: Timestamp) {
        wait = min(wait * 2, settings.openMillisecondsMax)
        phase = .waiting(until: Timestamp(milliseconds: now.milliseconds + wait))
    }
}
