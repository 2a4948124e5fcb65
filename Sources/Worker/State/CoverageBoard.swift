package import CareRecord
import NIOConcurrencyHelpers
package import Replication
package import Storage

/// How far every source of the topology is applied and how fresh that is, in memory: a subscription each, and what
/// coverage is judged from.
package final class CoverageBoard: Sendable {
    private struct State {
        var sources: [HIEIdentifier: Subscription] = [:]
        var era = 0
        var isDirty: Set<HIEIdentifier> = []
    }

    private static let justHeardMilliseconds: Int64 = 1000

    /// Up to which number every change of a source is applied; nothing of a source that nothing is known of.
    package let watermarks = Latest<[HIEIdentifier: Int64]>([:])
    private let limits: Subscription.Limits
    private let state = NIOLockedValueBox(State())

    package init(limits: Subscription.Limits = Subscription.Limits()) { self.limits = limits }

    /// Takes up what the index kept from an earlier run.
    package func restore(_ kept: [HIEIdentifier: IndexStore.Kept]) {
        for (hie, source) in kept {
            with(hie) { $0.restore(source.source.progress, digest: source.source.digest.total, source.freshness) }
        }
        tell(kept.mapValues(\.source.progress))
    }

    /// Counts how often the index began anew.
    package var era: Int { state.withLockedValue { $0.era } }

    /// Nothing is applied of anybody: the index begins anew. Dead letters are kept elsewhere, and stay.
    package func forget() {
        state.withLockedValue { state in
            state.era += 1
            state.sources = state.sources.mapValues { before in
                var source = Subscription(before.source, limits: limits)
                source.held = before.held
                return source
            }
        }
        watermarks.update { known in
            known = known.mapValues { _ in 0 }
            return true
        }
    }

    /// The index's rows of these sources reach so far now.
    package func advanced(_ sources: [HIEIdentifier: IndexedSource], at now: Timestamp) {
        for (hie, source) in sources {
            with(hie) { $0.advanced(source.progress, digest: source.digest.total, at: now) }
        }
        tell(sources.mapValues(\.progress))
    }

    /// A pulse was received.
    package func pulse(_ pulse: Pulse, at now: Timestamp) {
        with(pulse.source) { $0.pulse(pulse, at: now) }
    }

    /// So many dead letters of these sources wait.
    package func held(_ counts: [HIEIdentifier: Int]) {
        for (hie, count) in counts { with(hie) { $0.held = count } }
    }

    /// The highest number of the source's journal, as far as its pulses tell.
    func head(of hie: HIEIdentifier) -> Int64? { state.withLockedValue { $0.sources[hie]?.freshness.head } }

    /// Tells the source's subscription what happened, and returns what the caller is to do about it, with the era in
    /// which that was said. What came of something said in another `era` is of no interest any more.
    package func handle(
        _ event: Subscription.Event, of hie: HIEIdentifier, era: Int?, at now: Timestamp
    ) -> (actions: [Subscription.Action], era: Int) {
        state.withLockedValue { state in
            guard era == nil || era == state.era else { return ([], state.era) }
            let actions = state.sources[hie, default: Subscription(hie, limits: limits)].handle(event, at: now)
            return (actions, state.era)
        }
    }

    /// What is asked of a source at present, or why that does not go well; sources of which there is nothing to say
    /// are left out.
    package var repairs: [HIEIdentifier: String] {
        state.withLockedValue { state in
            var repairs: [HIEIdentifier: String] = [:]
            for place in state.sources.indices {
                // In place: a subscription is large to copy.
                let isBusy = state.sources.values[place].isBusy
                guard let said = state.sources.values[place].trouble ?? (isBusy ? "under way" : nil) else { continue }
                repairs[state.sources.keys[place]] = said
            }
            return repairs
        }
    }

    package func progress(of hie: HIEIdentifier) -> SourceProgress? {
        state.withLockedValue { $0.sources[hie]?.progress }
    }

    package func coverage(
        of hie: HIEIdentifier, now: Timestamp, silentAfterMilliseconds: Int64
    ) -> SourceCoverage {
        state.withLockedValue { state in
            // In place: a subscription is large to copy, and every lookup asks.
            guard let place = state.sources.index(forKey: hie) else {
                return Subscription(hie, limits: limits).coverage(
                    at: now, silentAfterMilliseconds: silentAfterMilliseconds)
            }
            var now = now
            // A pulse may have come since the caller read the clock. One from further ahead means that the clock was
            // set back.
            if let heardAt = state.sources.values[place].freshness.heardAt,
                (1...Self.justHeardMilliseconds).contains(heardAt.since(now))
            {
                now = heardAt
            }
            return state.sources.values[place].coverage(at: now, silentAfterMilliseconds: silentAfterMilliseconds)
        }
    }

    /// What was taken could not be kept.
    package func putBackChanged(_ changed: [HIEIdentifier: Freshness]) {
        state.withLockedValue { $0.isDirty.formUnion(changed.keys) }
    }

    /// What changed since the last call, to be kept by the index.
    package func takeChanged() -> [HIEIdentifier: Freshness] {
        state.withLockedValue { state in
            defer { state.isDirty = [] }
            return Dictionary(
                uniqueKeysWithValues: state.isDirty.map { ($0, state.sources[$0]?.freshness ?? Freshness()) })
        }
    }

    private func tell(_ progress: [HIEIdentifier: SourceProgress]) {
        watermarks.update { known in
            let before = known
            for (hie, progress) in progress { known[hie] = progress.applied.watermark }
            return known != before
        }
    }

    private func with<Value>(_ hie: HIEIdentifier, _ change: (inout Subscription) -> Value) -> Value {
        state.withLockedValue { state in
            state.isDirty.insert(hie)
            return change(&state.sources[hie, default: Subscription(hie, limits: limits)])
        }
    }
}
