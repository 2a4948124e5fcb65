package import CareRecord
import NIOConcurrencyHelpers
package import Replication

/// The circuit breakers of a worker's peers.
package final class BreakerBoard: Sendable {
    enum Admission: Sendable, Hashable {
        case admitted
        /// `word` is the breaker's state.
        case refused(since: Timestamp, word: String, cause: PeerAnswer.Cause)
    }

    private let settings: CircuitBreaker.Settings
    private let breakers = NIOLockedValueBox<[HIEIdentifier: CircuitBreaker]>([:])

    init(settings: CircuitBreaker.Settings) { self.settings = settings }

    package func state(of hie: HIEIdentifier) -> CircuitBreaker.State {
        breakers.withLockedValue { $0[hie]?.state ?? .closed }
    }

    /// Whether the peer may be asked now; ``record(_:of:at:)`` is due for one that may.
    func admit(_ hie: HIEIdentifier) -> Admission {
        with(hie) { breaker in
            let state = breaker.state
            if breaker.admits() { return .admitted }
            return switch state {
            case .closed: preconditionFailure("a closed breaker admits")
            case .open(let since), .halfOpen(let since):
                .refused(since: since, word: state.word, cause: breaker.cause)
            }
        }
    }

    /// Returns whether that opened it, or closed it again.
    @discardableResult
    func record(_ outcome: CircuitBreaker.Outcome, of hie: HIEIdentifier, at now: Timestamp) -> Bool {
        with(hie) { breaker in
            let before = breaker.state.word
            breaker.record(outcome, at: now)
            return breaker.state.word != before
        }
    }

    /// Those of `hies` that are to be probed now; ``probed(_:of:at:)`` is due for each.
    func takeProbes(of hies: [HIEIdentifier], at now: Timestamp) -> [HIEIdentifier] {
        breakers.withLockedValue { breakers in hies.filter { breakers[$0]?.takeProbe(at: now) ?? false } }
    }

    func probed(_ outcome: CircuitBreaker.Outcome, of hie: HIEIdentifier, at now: Timestamp) {
        with(hie) { $0.probed(outcome, at: now) }
    }

    /// The broker on the way to these peers is there again.
    func hasten(_ hies: some Sequence<HIEIdentifier>, at now: Timestamp) {
        breakers.withLockedValue { breakers in
            for hie in hies { breakers[hie]?.hasten(at: now) }
        }
    }

    private func with<Value>(_ hie: HIEIdentifier, _ change: (inout CircuitBreaker) -> Value) -> Value {
        breakers.withLockedValue { change(&$0[hie, default: CircuitBreaker(settings: settings)]) }
    }
}
