extension LoadResult {
    /// The figure of this name (``LoadFigure``); `nil` where there is no such figure, or this run has not got it.
    package func figure(_ name: String) -> Double? { LoadFigure(name).flatMap { $0.value(in: self) } }
}

extension LoadFigure {
    package func value(in result: LoadResult) -> Double? {
        switch self {
        case .count(let count): Double(count.value(in: result.accounting))
        case .duration: result.durationSeconds
        case .recovery: Self.recovery(result.faults)
        case .workerMemory:
            result.processes.filter { $0.name.hasPrefix("worker ") }.map(\.residentMebibytesMax).max()
        case .latency(let clock, let isCorrected, let quantile):
            result.latencies[clock.rawValue]
                .map { isCorrected ? $0.corrected : $0.uncorrected }
                .flatMap { $0.count > 0 ? quantile.value(in: $0) : nil }
        case .rate(let stream): result.rates[stream]?.achieved
        case .share(let stream): result.rates[stream].flatMap(\.share)
        case .ratio(let name): result.ratios.first { $0.name == name }?.value
        case .growth(let growth): growth.value(in: result.growth)
        }
    }

    /// A mesh that did not recover from every fault has no such time.
    private static func recovery(_ faults: [LoadResult.FaultResult]) -> Double? {
        let times = faults.compactMap(\.recoveredAfterSeconds)
        return times.count == faults.count ? times.max() : nil
    }

    /// What a profile would have to say so that its run has this figure; `nil` where it has.
    func missing(from profile: LoadProfile) -> String? {
        switch self {
        case .growth: return profile.kind == .growth ? nil : "that takes `kind: growth`"
        case .recovery: return profile.faults.isEmpty ? "there are no `faults`" : nil
        case .latency(.lookup, _, _), .rate("lookups"), .share("lookups"):
            return profile.lookupsPerSecond == nil ? "there are no `lookups`" : nil
        case .latency(.query, _, _), .rate("queries"), .share("queries"):
            return profile.queries == nil ? "there are no `queries`" : nil
        case .rate("badMessages"), .share("badMessages"):
            return profile.badMessagesPerSecond == nil ? "there are no `badMessages`" : nil
        case .rate("bulk"), .share("bulk"):
            return profile.kind == .bulk ? nil : "that takes `kind: bulk`"
        case .latency(.accept, _, _), .latency(.confirm, _, _), .latency(.replication, _, _), .rate("changes"),
            .share("changes"):
            return profile.changes == nil ? "there are no `changes` with a rate" : nil
        case .rate, .share:
            return profile.changes == nil && profile.kind != .bulk ? "there are no `changes`" : nil
        case .latency(.schedule, _, _):
            return profile.kind == .mesh ? nil : "that takes `kind: mesh`"
        case .count, .duration, .workerMemory, .ratio: return nil
        }
    }
}

extension LoadResult.Rate {
    /// Of what was intended; `nil` where it goes as fast as it can.
    package var share: Double? { intended.flatMap { $0 > 0 ? achieved / $0 : nil } }
}

extension LoadFigure.Count {
    fileprivate func value(in accounting: LoadResult.Accounting) -> Int {
        switch self {
        case .lost: accounting.lost
        case .duplicated: accounting.duplicated
        case .stale: accounting.stale
        case .wrongCoverage: accounting.wrongCoverage
        case .held: accounting.held
        case .errors: accounting.errors
        case .unknown: accounting.unknown
        }
    }
}

extension LoadFigure.Quantile {
    func value(in percentiles: LoadResult.Percentiles) -> Double {
        switch self {
        case .p50: percentiles.p50
        case .p90: percentiles.p90
        case .p99: percentiles.p99
        case .p999: percentiles.p999
        case .p9999: percentiles.p9999
        case .max: percentiles.max
        case .mean: percentiles.mean
        }
    }

    /// Of a hundred thousand values, those above it; `nil` for what is no percentile.
    var above: Int? {
        switch self {
        case .p50: 50_000
        case .p90: 10_000
        case .p99: 1000
        case .p999: 100
        case .p9999: 10
        case .max, .mean: nil
        }
    }
}

extension LoadFigure.Growth {
    fileprivate func value(in growth: [LoadResult.GrowthResult]) -> Double? {
        guard let first = growth.first, let last = growth.last else { return nil }
        switch self {
        case .ratio: return growth.map(\.writesShare).min()
        case .lookup: return first.lookupP99 > 0 ? last.lookupP99 / first.lookupP99 : nil
        case .memory: return last.residentMebibytes
        case .bytes: return last.bytesPerEntry
        }
    }
}

extension LoadResult.GrowthResult {
    /// Of bare SQLite's.
    package var writesShare: Double { bareWritesPerSecond > 0 ? writesPerSecond / bareWritesPerSecond : 0 }
}
