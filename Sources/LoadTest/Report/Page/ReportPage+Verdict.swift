import CareRecord

extension ReportPage {
    var verdict: String {
        let (mark, word, kind) = result.passed ? ("✓", "Passed", "good") : ("✗", "Failed", "bad")
        var html = "<p class=\"verdict \(kind)\"><span aria-hidden=\"true\">\(mark)</span> \(word)</p>\n"
        if !result.remarks.isEmpty {
            let items = result.remarks.map { "<li>\($0.escapedForHTML)</li>" }.joined()
            html += "<ul class=\"remarks\">\(items)</ul>\n"
        }
        return html + tiles + criteria
    }

    private var criteria: String {
        var table = HTMLTable(
            "Criteria of the profile",
            [("Figure", false), ("Measured", true), ("Demanded", true), ("", false)])
        for criterion in result.criteria {
            let unit = LoadFigure(criterion.figure)?.unit ?? .count
            table.append(
                criterion.figure,
                .number(criterion.measured.map { FigureText.text($0, unit, isGrouped: true) } ?? "not measured"),
                .number(
                    (criterion.comparison == "<=" ? "≤ " : "≥ ")
                        + FigureText.text(criterion.bound, unit, isGrouped: true)),
                criterion.passed ? .marked("✓ met", "good") : .marked("✗ not met", "bad"))
        }
        return table.html
    }

    /// The figures that somebody looks for first.
    private var tiles: String {
        var tiles: [(name: String, value: String)] = []
        let streams = [
            ("changes", "changes accepted"), ("bulk", "changes in bulk"), ("applied", "changes applied"),
            ("lookups", "lookups"), ("queries", "queries"),
        ]
        for (stream, name) in streams {
            guard let rate = result.rates[stream], rate.count > 0 else { continue }
            tiles.append((name, FigureText.text(rate.achieved, .perSecond, isGrouped: true)))
        }
        for (clock, name) in [("lookup", "lookup, p99"), ("replication", "replication, p99"), ("query", "query, p99")] {
            guard let value = result.figure("\(clock).p99") else { continue }
            tiles.append((name, FigureText.text(value, .milliseconds, isGrouped: true)))
        }
        if result.accounting.attempted > 0 { tiles.append(("lost", FigureText.whole(result.accounting.lost))) }
        guard !tiles.isEmpty else { return "" }
        let items = tiles.map { tile in
            "<div><dt>\(tile.name.escapedForHTML)</dt><dd>\(tile.value.escapedForHTML)</dd></div>"
        }
        return "<dl class=\"tiles\">\(items.joined())</dl>\n"
    }

    var accounting: String {
        let accounting = result.accounting
        guard accounting != LoadResult.Accounting() else { return rates }
        var table = HTMLTable(
            "What became of every change: each was looked for at every subscriber after the load",
            [("", false), ("Count", true), ("What it means", false)])
        for (name, count, meaning, isFailure) in accounting.rows {
            let text = FigureText.whole(count)
            table.append(
                name, isFailure && count > 0 ? .marked(text, "number bad") : .number(text), .text(meaning))
        }
        return "<div class=\"side\">\(table.html)\(rates)</div>\n"
    }

    private var rates: String {
        var table = HTMLTable(
            "Rates over the whole load, a second",
            [("Stream", false), ("Intended", true), ("Achieved", true), ("Share", true), ("Count", true)])
        let known = LoadFigure.streams.filter { result.rates[$0] != nil }
        let others = result.rates.keys.filter { !known.contains($0) }.sorted()
        for stream in known + others {
            guard let rate = result.rates[stream] else { continue }
            table.append(
                stream,
                .number(rate.intended.map { FigureText.text($0, isGrouped: true) } ?? "–"),
                .number(FigureText.text(rate.achieved, isGrouped: true)),
                .number(rate.share.map { FigureText.text($0 * 100) + " %" } ?? "–"),
                .whole(rate.count))
        }
        return table.html
    }
}

extension LoadResult.Accounting {
    /// In order, each with whether more than none of it fails a run.
    package var rows: [(name: String, count: Int, meaning: String, isFailure: Bool)] {
        [
            ("attempted", attempted, "changes that the schedule wanted", false),
            ("acknowledged", acknowledged, "of these, accepted by a worker", false),
            ("unknown", unknown, "neither accepted nor refused for certain: either outcome is right", false),
            ("applied", applied, "records looked for at every subscriber and found as they have to be", false),
            ("lost", lost, "accepted, and missing at some subscriber", true),
            ("duplicated", duplicated, "there twice", true),
            ("stale", stale, "there in an older version, or although deleted", true),
            ("wrong coverage", wrongCoverage, "lookups that left an HIE out or claimed what cannot be", true),
            ("held", held, "messages that workers parked", false),
            ("errors", errors, "requests that failed, of any kind", false),
        ]
    }
}
