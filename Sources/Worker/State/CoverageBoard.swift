package import CareRecord
package import Replication
package import Storage
import Synchronization

/// How far every source of the topology is applied and how fresh that is, in memory: a subscription each, and what
/// coverage is judged from.
package final class CoverageBoard: Sendable {
    private struct State {
        var sources: [HIEIdentifier: Subscription] = [:]
        var isDirty: Set<HIEIdentifier> = []
    }

    private let limits: Subscription.Limits
    private let state = Mutex(State())

    package init(limits: Subscription.Limits = Subscription.Limits()) { self.limits = limits }

    /// Takes up what the index kept from an earlier run.
    package func restore(_ kept: [HIEIdentifier: IndexStore.Kept]) {
        for (hie, source) in kept {
            with(hie) { $0.restore(source.source.progress, digest: source.source.digest.total, source.freshness) }
        }
    }

    /// Nothing is applied of anybody: the index began anew.
    package func forget() { state.withLock { $0.sources = [:] } }

    /// The index's rows of these sources reach so far now.
    package func advanced(_ sources: [HIEIdentifier: IndexedSource], at now: Timestamp) {
        for (hie, source) in sources {
            with(hie) { $0.advanced(source.progress, digest: source.digest.total, at: now) }
        }
    }

    /// A pulse was received.
    package func pulse(_ pulse: Pulse, at now: Timestamp) {
        with(pulse.source) { $0.pulse(pulse, at: now) }
    }

    package func held(_ counts: [HIEIdentifier?: Int]) {
        for (hie, count) in counts {
            if let hie { with(hie) { $0.held = count } }
        }
    }

    /// Tells the source's subscription what happened; what is to be done about it is for the caller to do.
    package func handle(
        _ event: Subscription.Event, of hie: HIEIdentifier, at now: Timestamp
    ) -> [Subscription.Action] {
        with(hie) { $0.handle(event, at: now) }
    }

    package func progress(of hie: HIEIdentifier) -> SourceProgress? {
        state.withLock { $0.sources[hie]?.progress }
    }

    package func coverage(
        of hie: HIEIdentifier, now: Timestamp, silentAfterMilliseconds: Int64
    ) -> SourceCoverage {
        let source = state.withLock { $0.sources[hie] } ?? Subscription(hie, limits: limits)
        return source.coverage(at: now, silentAfterMilliseconds: silentAfterMilliseconds)
    }

    /// What changed since the last call, to be kept by the index.
    package func takeChanged() -> [HIEIdentifier: Freshness] {
        state.withLock { state in
            defer { state.isDirty = [] }
            return Dictionary(
                uniqueKeysWithValues: state.isDirty.map { ($0, state.sources[$0]?.freshness ?? Freshness()) })
        }
    }

    private func with<Value>(_ hie: HIEIdentifier, _ change: (inout Subscription) -> Value) -> Value {
        state.withLock { state in
            state.isDirty.insert(hie)
            return change(&state.sources[hie, default: Subscription(hie, limits: limits)])
        }
    }
}
