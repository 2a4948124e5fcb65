extension ReportPage {
    var growth: String {
        guard !result.growth.isEmpty else { return "" }
        return "<div class=\"panels\">\n" + figures.joined() + "</div>\n" + table
    }

    private typealias Growth = LoadResult.GrowthResult

    private var figures: [String] {
        [
            figure(
                "Writes, a second", "of the index, and of bare SQLite with the same rows", unit: "/s",
                id: "growth-writes",
                curves: [
                    ("index", "c1", false, \.writesPerSecond), ("bare SQLite", "c0", true, \.bareWritesPerSecond),
                ]),
            figure(
                "Lookup over HTTP", "milliseconds", unit: "ms", id: "growth-lookup",
                curves: [("p99", "c1", false, \.lookupP99), ("p50", "c3", false, \.lookupP50)]),
            figure(
                "Lookup in process, p99", "milliseconds, beside a prepared SELECT of the same rows", unit: "ms",
                id: "growth-read",
                curves: [("index", "c1", false, \.readP99), ("bare SQLite", "c0", true, \.bareReadP99)]),
            figure(
                "Memory", "mebibytes resident", unit: "MiB", id: "growth-memory",
                curves: [("worker", "c4", false, \.residentMebibytes)]),
            figure(
                "On the disk", "bytes an entry", unit: "B", id: "growth-bytes",
                curves: [("index", "c5", false, \.bytesPerEntry)]),
        ]
    }

    private func figure(
        _ title: String, _ note: String, unit: String, id: String,
        curves: [(name: String, colour: String, isDashed: Bool, value: KeyPath<Growth, Double>)]
    ) -> String {
        let series = curves.map { curve in
            Plot.Series(
                name: curve.name, colour: curve.colour, isDashed: curve.isDashed, hasMarks: true,
                points: result.growth.map { Plot.Point(x: Double($0.entries), y: $0[keyPath: curve.value]) })
        }
        let plot = Plot(
            title: title, note: note,
            x: .logarithmic(result.growth.map { Double($0.entries) }, least: 1, label: PlotScale.short),
            y: .linear(upTo: series.flatMap(\.points).compactMap(\.y).max() ?? 0, ticksWanted: 3),
            yUnit: unit, xKind: .count, series: series, size: .small)
        return plot.figure(id: id)
    }

    private var table: String {
        var table = HTMLTable(
            "By entries in the index; times in milliseconds, in process p99",
            [
                ("Entries", false), ("Writes/s", true), ("Bare writes/s", true), ("Share", false), ("Lookup p50", true),
                ("Lookup p99", true), ("In process", true), ("Bare", true), ("Bytes an entry", true),
                ("Memory, MiB", true),
            ])
        for row in result.growth {
            table.append(
                FigureText.whole(row.entries),
                cells: [
                    .number(FigureText.text(row.writesPerSecond, isGrouped: true)),
                    .number(FigureText.text(row.bareWritesPerSecond, isGrouped: true)),
                    .bar(FigureText.text(row.writesShare), share: row.writesShare), .milliseconds(row.lookupP50),
                    .milliseconds(row.lookupP99), .milliseconds(row.readP99), .milliseconds(row.bareReadP99),
                    .number(FigureText.text(row.bytesPerEntry)), .number(FigureText.text(row.residentMebibytes)),
                ])
        }
        return table.html
    }
}
