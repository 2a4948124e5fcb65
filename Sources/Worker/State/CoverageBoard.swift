package import CareRecord
package import Replication
import Synchronization

/// How far every source of the topology is applied and how fresh that is, in memory: what coverage is judged from.
package final class CoverageBoard: Sendable {
    private struct Source {
        var progress = SourceProgress()
        var freshness = Freshness()
        var held = 0
    }

    private struct State {
        var sources: [HIEIdentifier: Source] = [:]
        var isDirty: Set<HIEIdentifier> = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Takes up what the index kept from an earlier run.
    package func restore(_ kept: [HIEIdentifier: (progress: SourceProgress, freshness: Freshness)]) {
        state.withLock { state in
            for (hie, source) in kept {
                state.sources[hie, default: Source()].progress = source.progress
                state.sources[hie, default: Source()].freshness = source.freshness
            }
        }
    }

    /// The index's rows of these sources reach so far now.
    package func advanced(_ progress: [HIEIdentifier: SourceProgress]) {
        state.withLock { state in
            for (hie, progress) in progress {
                var source = state.sources[hie, default: Source()]
                if let before = source.progress.epoch, before != progress.epoch { source.freshness.restart() }
                source.progress = progress
                source.freshness.advance(watermark: progress.applied.watermark)
                state.sources[hie] = source
                state.isDirty.insert(hie)
            }
        }
    }

    /// A pulse was received. Of an epoch that is over it says nothing; of one that is not applied yet it says how much
    /// there is to come.
    package func pulse(_ pulse: Pulse, at moment: Timestamp) {
        state.withLock { state in
            var source = state.sources[pulse.source, default: Source()]
            if let epoch = source.progress.epoch, pulse.epoch < epoch { return }
            let isApplied = source.progress.epoch == pulse.epoch
            let watermark = isApplied ? source.progress.applied.watermark : 0
            source.freshness.pulse(head: pulse.head, at: moment, watermark: watermark)
            state.sources[pulse.source] = source
            state.isDirty.insert(pulse.source)
        }
    }

    package func held(_ counts: [HIEIdentifier?: Int]) {
        state.withLock { state in
            for (hie, count) in counts {
                if let hie { state.sources[hie, default: Source()].held = count }
            }
        }
    }

    package func progress(of hie: HIEIdentifier) -> SourceProgress? {
        state.withLock { $0.sources[hie]?.progress }
    }

    package func coverage(
        of hie: HIEIdentifier, now: Timestamp, silentAfterMilliseconds: Int64
    ) -> SourceCoverage {
        let source = state.withLock { $0.sources[hie] } ?? Source()
        return SourceCoverage.judge(
            hie, progress: source.progress, freshness: source.freshness, held: source.held, now: now,
            silentAfterMilliseconds: silentAfterMilliseconds)
    }

    /// What changed since the last call, to be kept by the index.
    package func takeChanged() -> [HIEIdentifier: Freshness] {
        state.withLock { state in
            defer { state.isDirty = [] }
            return Dictionary(
                uniqueKeysWithValues: state.isDirty.map { ($0, state.sources[$0]?.freshness ?? Freshness()) })
        }
    }
}
