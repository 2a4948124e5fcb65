import CareRecord

extension ReportPage {
    private var end: Double { max(result.durationSeconds, result.samples.last?.at ?? 0) }

    private var bands: [Plot.Band] {
        result.faults.sorted { $0.from < $1.from }.map {
            Plot.Band(label: "\($0.kind) \($0.target)", from: $0.from, until: $0.until)
        }
    }

    private var merged: String {
        let span = Plot.spanOfPoint(result.samples.count)
        return span == 1 ? "" : " A point stands for \(span) samples."
    }

    var overTime: String {
        guard result.samples.count > 1 else { return "" }
        return rateFigures + backlog + slowness
    }

    // MARK: Rates

    private var rateFigures: String {
        let known = LoadFigure.streams
        let names = Set(result.samples.flatMap(\.rates.keys))
        let streams = known.filter(names.contains) + names.filter { !known.contains($0) }.sorted()
        guard !streams.isEmpty else { return "" }
        let figures = streams.enumerated().map { index, stream in
            rateFigure(stream, colour: "c\(index % 5 + 1)")
        }
        let faults = result.faults.isEmpty ? "" : " Shaded: faults, which the charts below name."
        return "<h3>Rates, a second</h3>\n<p class=\"note\">Dashed: what was intended.\(faults)\(merged)</p>\n"
            + "<div class=\"panels\">\n\(figures.joined())</div>\n"
    }

    private func rateFigure(_ stream: String, colour: String) -> String {
        let points = result.samples.map { Plot.Point(x: $0.at, y: $0.rates[stream]) }
        let rate = result.rates[stream]
        let values = Plot.thinned(points, by: .mean)
        let top = max(values.compactMap(\.y).max() ?? 0, rate?.intended ?? 0)
        let mean = rate.map { "\(FigureText.text($0.achieved, isGrouped: true)) on average" } ?? ""
        let plot = Plot(
            title: stream, note: mean, x: .time(upTo: end, ticksWanted: 4), y: .linear(upTo: top, ticksWanted: 3),
            yUnit: "/s", xKind: .time, series: [Plot.Series(name: stream, colour: colour, points: values)],
            bands: bands, levels: rate?.intended.map { [Plot.Level(label: "", value: $0)] } ?? [], size: .small)
        return plot.figure(id: "rate-\(stream.filter { $0.isASCII && $0.isLetter })")
    }

    // MARK: Backlog

    private var backlog: String {
        let samples = result.samples
        guard samples.contains(where: { !$0.backlog.isEmpty }) else { return "" }
        let together = samples.map { sample in
            Plot.Point(x: sample.at, y: sample.backlog.values.reduce(0.0) { $0 + Double($1) })
        }
        let furthest = samples.map { Plot.Point(x: $0.at, y: $0.backlog.values.max().map(Double.init)) }
        let series = [
            Plot.Series(name: "all subscribers together", colour: "c1", points: Plot.thinned(together, by: .worst)),
            Plot.Series(name: "the one furthest behind", colour: "c2", points: Plot.thinned(furthest, by: .worst)),
        ]
        let plot = Plot(
            title: "Backlog",
            note: "Changes accepted at their source and not applied yet at a subscriber, the most in each second."
                + merged,
            x: .time(upTo: end), y: .linear(upTo: series.flatMap(\.points).compactMap(\.y).max() ?? 0),
            yUnit: "", xKind: .time, series: series, bands: bands, size: .large)
        return plot.figure(id: "backlog")
    }

    // MARK: Slowness

    private var slowness: String {
        let samples = result.samples
        let series = LoadResult.Clock.allCases.compactMap { clock -> Plot.Series? in
            let points = samples.map { Plot.Point(x: $0.at, y: $0.p99[clock.rawValue].map { max(0.001, $0) }) }
            guard points.contains(where: { $0.y != nil }) else { return nil }
            return Plot.Series(
                name: clock.rawValue, colour: clock.colour, points: Plot.thinned(points, by: .worst))
        }
        guard !series.isEmpty else { return "" }
        let plot = Plot(
            title: "p99 of each second",
            note: "Milliseconds, corrected, logarithmic." + merged,
            x: .time(upTo: end),
            y: .logarithmic(series.flatMap(\.points).compactMap(\.y), least: 0.01, label: PlotScale.milliseconds),
            yUnit: "ms", xKind: .time, series: series, bands: bands, size: .large)
        return plot.figure(id: "slowness")
    }

    // MARK: Faults

    var faults: String {
        var table = HTMLTable(
            "What happened to the mesh, in seconds from the start of the load",
            [("Fault", false), ("Target", false), ("From", true), ("Until", true), ("Caught up after", true)])
        for fault in result.faults.sorted(by: { $0.from < $1.from }) {
            table.append(
                fault.kind, .text(fault.target), .number(FigureText.text(fault.from)),
                .number(FigureText.text(fault.until)),
                fault.recoveredAfterSeconds.map { .number(FigureText.text($0, .seconds)) }
                    ?? .marked("not at all", "number bad"))
        }
        return table.html
    }
}
