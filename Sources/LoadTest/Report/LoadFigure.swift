/// One figure of a result, by the name that criteria and comparisons use: `lookup.p99`, `rate.changes`, `ratio.http`.
package enum LoadFigure: Sendable, Hashable {
    /// A number of the accounting.
    package enum Count: String, Sendable, CaseIterable {
        case lost
        case duplicated
        case stale
        case wrongCoverage
        case held
        case errors
        case unknown
    }

    package enum Quantile: String, Sendable, CaseIterable {
        case p50
        case p90
        case p99
        case p999
        case p9999
        case max
        case mean
    }

    package enum Growth: String, Sendable, CaseIterable {
        /// The least share of bare SQLite's writes.
        case ratio
        /// p99 of a lookup at the largest size, over that at the smallest.
        case lookup
        /// Mebibytes resident at the largest size.
        case memory
        /// Of the file, an entry, at the largest size.
        case bytes
    }

    case count(Count)
    /// Of the load.
    case duration
    /// The longest time from the end of a fault until every worker had caught up.
    case recovery
    /// The most that one worker held.
    case workerMemory
    case latency(LoadResult.Clock, isCorrected: Bool, Quantile)
    /// Of a stream, a second.
    case rate(String)
    /// Of what a stream intended.
    case share(String)
    case ratio(String)
    case growth(Growth)

    package static let streams = ["changes", "lookups", "queries", "badMessages", "applied", "bulk"]
    package static let ratios = ["http", "sqlite", "amqp", "index-writes", "lookups-in-process"]

    private static let all: [LoadFigure] =
        Count.allCases.map { .count($0) } + [.duration, .recovery, .workerMemory]
        + LoadResult.Clock.allCases.flatMap { clock in
            Quantile.allCases.flatMap { quantile in
                [true, false].map { .latency(clock, isCorrected: $0, quantile) }
            }
        }
        + streams.flatMap { [.rate($0), .share($0)] } + ratios.map { .ratio($0) }
        + Growth.allCases.map { .growth($0) }

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// In the order in which they are shown.
    package static let allNames = all.map(\.name)

    /// All of them in a sentence.
    static let inWords =
        (Count.allCases.map(\.rawValue)).joined(separator: ", ")
        + ", duration, recovery, memory.worker, CLOCK.p50 (p90, p99, p999, p9999, max, mean; CLOCK.uncorrected.p50 and "
        + "so on) where CLOCK is " + LoadResult.Clock.allCases.map(\.rawValue).joined(separator: ", ")
        + ", rate.STREAM and rate.STREAM.share where STREAM is " + streams.joined(separator: ", ")
        + ", ratio.NAME where NAME is " + ratios.joined(separator: ", ") + ", "
        + Growth.allCases.map { "growth.\($0.rawValue)" }.joined(separator: ", ")

    /// `nil` for what is no figure's name.
    package init?(_ name: String) {
        guard let figure = Self.byName[name] else { return nil }
        self = figure
    }

    package var name: String {
        switch self {
        case .count(let count): count.rawValue
        case .duration: "duration"
        case .recovery: "recovery"
        case .workerMemory: "memory.worker"
        case .latency(let clock, isCorrected: true, let quantile): "\(clock.rawValue).\(quantile.rawValue)"
        case .latency(let clock, isCorrected: false, let quantile):
            "\(clock.rawValue).uncorrected.\(quantile.rawValue)"
        case .rate(let stream): "rate.\(stream)"
        case .share(let stream): "rate.\(stream).share"
        case .ratio(let name): "ratio.\(name)"
        case .growth(let growth): "growth.\(growth.rawValue)"
        }
    }

    package enum Unit: String, Sendable {
        case count = ""
        case ratio = "×"
        case seconds = "s"
        case milliseconds = "ms"
        case perSecond = "/s"
        case mebibytes = "MiB"
        case bytes = "B"

        var inWords: String {
            switch self {
            case .count: "a number"
            case .ratio: "a ratio, of which 1 is the same"
            case .seconds: "in seconds"
            case .milliseconds: "in milliseconds"
            case .perSecond: "a second"
            case .mebibytes: "in MiB"
            case .bytes: "in bytes"
            }
        }
    }

    package var unit: Unit {
        switch self {
        case .count: .count
        case .duration, .recovery: .seconds
        case .workerMemory, .growth(.memory): .mebibytes
        case .latency: .milliseconds
        case .rate: .perSecond
        case .share, .ratio, .growth(.ratio), .growth(.lookup): .ratio
        case .growth(.bytes): .bytes
        }
    }

    package var isLowerBetter: Bool {
        switch self {
        case .count, .duration, .recovery, .workerMemory, .latency, .growth(.lookup), .growth(.memory), .growth(.bytes):
            true
        case .rate, .share, .ratio, .growth(.ratio): false
        }
    }
}
