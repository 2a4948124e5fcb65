import Foundation

/// How values become places along an axis, and where its marks stand.
struct PlotScale {
    enum Kind: String {
        case linear
        case log
    }

    struct Tick: Equatable {
        let value: Double
        let label: String
    }

    let kind: Kind
    let lower: Double
    let upper: Double
    let ticks: [Tick]

    private init(kind: Kind, lower: Double, upper: Double, ticks: [Tick]) {
        self.kind = kind
        self.lower = lower
        self.upper = upper
        self.ticks = ticks.filter { $0.value >= lower && $0.value <= upper }
    }

    /// 0 at the lower end, 1 at the upper; what lies beyond is at the end.
    func position(_ value: Double) -> Double {
        guard value.isFinite else { return 0 }
        let share: Double
        switch kind {
        case .linear: share = (value - lower) / (upper - lower)
        case .log: share = (log(max(value, lower)) - log(lower)) / (log(upper) - log(lower))
        }
        return min(1, max(0, share))
    }

    /// From 0 to a round number above `max`.
    static func linear(upTo max: Double, ticksWanted: Int = 4) -> PlotScale {
        let max = max.isFinite && max > 0 ? Swift.min(max, 1e18) : 1
        let step = roundStep(max / Double(ticksWanted))
        let count = Int((max / step).rounded(.up))
        let ticks = (0...count).map { index in
            Tick(value: Double(index) * step, label: short(Double(index) * step))
        }
        return PlotScale(kind: .linear, lower: 0, upper: Double(count) * step, ticks: ticks)
    }

    /// Whole decades, or halves of them where there is little between `min` and `max`.
    static func logarithmic(_ values: some Sequence<Double>, least: Double, label: (Double) -> String) -> PlotScale {
        let values = values.filter { $0.isFinite && $0 > 0 }
        let min = Swift.max(least, values.min() ?? least)
        let max = Swift.min(1e15, Swift.max(values.max() ?? least * 10, min * 2))
        let marks = min * 30 > max ? [1.0, 2, 5] : [1.0]
        func lower(_ value: Double) -> Double {
            let decade = pow(10, Foundation.log10(value).rounded(.down))
            return marks.map { $0 * decade }.last { $0 <= value * 1.0001 } ?? decade
        }
        func upper(_ value: Double) -> Double {
            let decade = pow(10, Foundation.log10(value).rounded(.down))
            return (marks + [10]).map { $0 * decade }.first { $0 >= value * 0.9999 } ?? decade * 10
        }
        let (low, high) = (lower(min), upper(max))
        var ticks: [Tick] = []
        var decade = pow(10, Foundation.log10(low).rounded(.down))
        while decade <= high * 1.0001, ticks.count < 100 {
            for mark in marks { ticks.append(Tick(value: mark * decade, label: label(mark * decade))) }
            decade *= 10
        }
        return PlotScale(kind: .log, lower: low * 0.9999, upper: high * 1.0001, ticks: ticks)
    }

    /// Shares of all values as 1 / (1 − p): the spectrum of latencies.
    static func spectrum(upTo max: Double) -> PlotScale {
        let levels: [(Double, String)] = [
            (1, "0 %"), (2, "50 %"), (10, "90 %"), (100, "99 %"), (1000, "99.9 %"), (10_000, "99.99 %"),
            (100_000, "99.999 %"), (1_000_000, "99.9999 %"),
        ]
        let max = Swift.min(Swift.max(max, 10), 1e7)
        return PlotScale(
            kind: .log, lower: 1, upper: max, ticks: levels.map { Tick(value: $0, label: $1) })
    }

    /// Seconds from the start of the load.
    static func time(upTo seconds: Double, ticksWanted: Int = 6) -> PlotScale {
        let seconds = Swift.min(Swift.max(seconds.isFinite ? seconds : 1, 1), 1e8)
        let steps: [Double] = [
            1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
        ]
        let step = steps.first { seconds / $0 <= Double(ticksWanted) } ?? roundStep(seconds / Double(ticksWanted))
        let ticks = (0...Int(seconds / step)).map { index in
            let value = Double(index) * step
            return Tick(value: value, label: FigureText.time(seconds: value))
        }
        return PlotScale(kind: .linear, lower: 0, upper: seconds, ticks: ticks)
    }

    /// 1, 2 or 5 times a power of ten, not below `value`.
    private static func roundStep(_ value: Double) -> Double {
        let decade = pow(10, Foundation.log10(value).rounded(.down))
        return [1, 2, 5, 10].map { $0 * decade }.first { $0 >= value * 0.9999 } ?? decade * 10
    }

    /// `0.1 ms`, `10 s`.
    static func milliseconds(_ value: Double) -> String {
        value < 999.9 ? short(value) + " ms" : short(value / 1000) + " s"
    }

    /// `2500` is `2.5k`: marks have little room.
    static func short(_ value: Double) -> String {
        let units: [(Double, String)] = [(1e9, "G"), (1e6, "M"), (1e3, "k")]
        for (size, name) in units where abs(value) >= size * 0.9999 {
            return String(format: "%g", (value / size * 1000).rounded() / 1000) + name
        }
        return String(format: "%g", (value * 1e6).rounded() / 1e6)
    }
}
