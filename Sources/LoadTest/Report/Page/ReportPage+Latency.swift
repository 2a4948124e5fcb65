import CareRecord

extension ReportPage {
    private var clocks: [(clock: LoadResult.Clock, latency: LoadResult.Latency)] {
        LoadResult.Clock.allCases.compactMap { clock in
            guard let latency = result.latencies[clock.rawValue], latency.corrected.count > 0 else { return nil }
            return (clock, latency)
        }
    }

    var latency: String {
        guard !clocks.isEmpty else { return "" }
        return """
            <p>Counted from the intended send (corrected): what somebody who did not wait for the one before would \
            have seen. Counted from the actual send (uncorrected): what a client that waits would have told.</p>

            """ + spectrum + percentiles
    }

    private var spectrum: String {
        var series: [Plot.Series] = []
        for (clock, latency) in clocks {
            let solid = Self.curve(latency.recorded, or: latency.corrected)
            series.append(Plot.Series(name: clock.rawValue, colour: clock.colour, points: solid))
            let dashed = Self.curve(latency.recordedUncorrected, or: latency.uncorrected)
            // A curve under another cannot be seen, and its name in the key would be looked for.
            guard Self.differ(latency), !dashed.isEmpty else { continue }
            series.append(
                Plot.Series(
                    name: "\(clock.rawValue), uncorrected", colour: clock.colour, isDashed: true, points: dashed))
        }
        let points = series.flatMap(\.points)
        let plot = Plot(
            title: "Latency spectrum",
            note: "How many of all were faster: to the right are the slowest. Milliseconds, both axes logarithmic; "
                + "dashed: uncorrected, where it differs.",
            x: .spectrum(upTo: points.map(\.x).max() ?? 10),
            y: .logarithmic(points.compactMap(\.y), least: 0.01, label: PlotScale.milliseconds),
            yUnit: "ms", xKind: .spectrum, series: series, size: .large)
        return plot.figure(id: "spectrum")
    }

    private static let stepsPerHalf = 24

    /// Of the recorded values, or else of the percentiles that are known.
    private static func curve(
        _ buckets: [LoadResult.Bucket], or percentiles: LoadResult.Percentiles
    ) -> [Plot.Point] {
        guard !buckets.isEmpty else {
            let known = [
                (2.0, percentiles.p50), (10, percentiles.p90), (100, percentiles.p99), (1000, percentiles.p999),
                (10_000, percentiles.p9999), (Double(percentiles.count), percentiles.max),
            ]
            let count = Double(percentiles.count)
            return known.filter { $0.0 <= count }.sorted { $0.0 < $1.0 }.map { Plot.Point(x: $0.0, y: $0.1) }
        }
        let log = HistogramLog(buckets, stepsPerHalf: stepsPerHalf)
        return log.lines.suffix(Plot.pointsMax).map { line in
            Plot.Point(
                x: line.percentile < 1 ? min(1 / (1 - line.percentile), Double(log.total)) : Double(log.total),
                y: max(0.001, line.milliseconds))
        }
    }

    private static func differ(_ latency: LoadResult.Latency) -> Bool {
        LoadFigure.Quantile.allCases.contains { quantile in
            let (left, right) = (quantile.value(in: latency.corrected), quantile.value(in: latency.uncorrected))
            return abs(left - right) > 0.02 * max(left, right)
        }
    }

    private var percentiles: String {
        let quantiles = ["p50", "p90", "p99", "p99.9", "p99.99", "max", "mean"]
        var table = HTMLTable(
            "Milliseconds by clock",
            [("Clock", false), ("Counted", false), ("Values", true)] + quantiles.map { ($0, true) }
                + [("What is timed", false)])
        for (clock, latency) in clocks {
            for (reading, values) in [("corrected", latency.corrected), ("uncorrected", latency.uncorrected)] {
                guard values.count > 0 else { continue }
                table.append(
                    clock.rawValue,
                    cells: [.text(reading), .whole(values.count)]
                        + LoadFigure.Quantile.allCases.map { .milliseconds($0.value(in: values)) }
                        + [.text(reading == "corrected" ? clock.about : "")])
            }
        }
        return table.html
    }
}
