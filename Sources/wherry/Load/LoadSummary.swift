import LoadTest

/// What a load test found, as tables: the end of a run, and of one that was written down.
struct LoadSummary {
    let result: LoadResult
    /// Where the results lie; `nil` where whoever reads it knows.
    let directory: String?

    func screen(_ look: Screen.Look) -> Screen {
        var screen = Screen(look)
        screen.say(.init("\(result.profile): \(result.about)", .bold))
        screen.space()
        for section in [rates, latencies, growth, ratios, faults, peers, processes] { screen.append(section) }
        screen.append("Accounting, in changes", "accounting", facts: accounting)
        screen.append(criteria)
        screen.say(result.passed ? .init("passed", .green) : .init("not passed", .red))
        screen.tell("verdict", result.passed ? "passed" : "not passed")
        for remark in result.remarks {
            screen.say(.init("  \(remark)"))
            screen.tell("remark", .init(remark))
        }
        if let directory {
            screen.say(.init("results: \(directory)/\(LoadReportWriter.pageName)", .dim))
            screen.tell("results", .init(directory))
        }
        return screen
    }

    private var rates: Section {
        var section = Section(
            "Rates, a second", .init("Stream"), .init("Intended", .right), .init("Achieved", .right),
            .init("Share", .right), .init("Count", .right))
        let known = LoadFigure.streams.filter { result.rates[$0] != nil }
        for stream in known + result.rates.keys.filter({ !known.contains($0) }).sorted() {
            guard let rate = result.rates[stream] else { continue }
            section.append(
                "rate", .init(stream), .init(rate.intended.map { FigureText.text($0) } ?? "–"),
                .init(FigureText.text(rate.achieved)),
                .init(rate.share.map { FigureText.text($0 * 100) + " %" } ?? "–"), "\(rate.count)")
        }
        return section
    }

    private var latencies: Section {
        var section = Section(
            "Latencies in ms, from the intended send", .init("Clock"), .init("p50", .right), .init("p90", .right),
            .init("p99", .right), .init("p99.9", .right), .init("p99.99", .right), .init("Max", .right),
            .init("p99 from the actual send", .right), .init("Count", .right))
        for clock in LoadResult.Clock.allCases {
            guard let latency = result.latencies[clock.rawValue], latency.corrected.count > 0 else { continue }
            let times = latency.corrected
            let figures =
                [times.p50, times.p90, times.p99, times.p999, times.p9999, times.max]
                + [latency.uncorrected.p99]
            section.append(
                "latency",
                cells: [.init(clock.rawValue)] + figures.map { .init(FigureText.text($0)) } + ["\(times.count)"])
        }
        return section
    }

    private var growth: Section {
        var section = Section(
            "Growth", .init("Entries", .right), .init("Writes/s", .right), .init("Bare writes/s", .right),
            .init("Share", .right), .init("Lookup p50 ms", .right), .init("p99 ms", .right),
            .init("Bytes an entry", .right), .init("MiB", .right))
        for row in result.growth {
            let figures = [
                row.writesPerSecond, row.bareWritesPerSecond, row.writesShare, row.lookupP50, row.lookupP99,
                row.bytesPerEntry, row.residentMebibytes,
            ]
            section.append("growth", cells: ["\(row.entries)"] + figures.map { .init(FigureText.text($0)) })
        }
        return section
    }

    private var ratios: Section {
        var section = Section(
            "Beside bare baselines of the same run", .init("Ratio"), .init("Share", .right), .init("Measured", .right),
            .init("Baseline", .right), .init(""))
        for ratio in result.ratios {
            section.append(
                "ratio", .init(ratio.name), .init(FigureText.text(ratio.value, .ratio)),
                .init(FigureText.text(ratio.measured)), .init(FigureText.text(ratio.baseline)), .init(ratio.unit))
        }
        return section
    }

    private var faults: Section {
        var section = Section(
            "Faults", .init("Fault"), .init("Target"), .init("From", .right), .init("Until", .right),
            .init("Caught up after", .right))
        for fault in result.faults {
            section.append(
                "fault", .init(fault.kind), .init(fault.target), .init(FigureText.text(fault.from, .seconds)),
                .init(FigureText.text(fault.until, .seconds)),
                fault.recoveredAfterSeconds.map { .init(FigureText.text($0, .seconds)) } ?? .init("not at all", .red))
        }
        return section
    }

    private var peers: Section {
        var section = Section(
            "HIEs", .init("HIE"), .init("Accepted", .right), .init("Lookups", .right), .init("Errors", .right),
            .init("Applied", .right), .init("Redelivered", .right), .init("Held", .right),
            .init("Lookup p99 ms", .right), .init("Replication p99 ms", .right))
        for peer in result.peers {
            section.append(
                "hie",
                cells: [.init(peer.hie)]
                    + [peer.acknowledged, peer.lookups, peer.errors, peer.applied, peer.redelivered, peer.held]
                    .map { .init("\($0)") }
                    + [peer.lookupP99, peer.replicationP99].map { .init($0.map { FigureText.text($0) } ?? "–") })
        }
        return section
    }

    private var processes: Section {
        var section = Section(
            "Processes", .init("Process"), .init("CPU s", .right), .init("Memory MiB", .right),
            .init("Written MiB", .right))
        for process in result.processes {
            section.append(
                "process", .init(process.name), .init(FigureText.text(process.cpuSeconds)),
                .init(FigureText.text(process.residentMebibytesMax)),
                .init(process.writtenMebibytes.map { FigureText.text($0) } ?? "–"))
        }
        return section
    }

    private var accounting: [(name: String, value: Table.Cell)] {
        guard result.accounting != LoadResult.Accounting() else { return [] }
        return result.accounting.rows.map { row in
            (row.name, .init("\(row.count)", row.isFailure && row.count > 0 ? .red : .plain))
        }
    }

    private var criteria: Section {
        var section = Section("Criteria", .init("Criterion"), .init("Measured", .right), .init(""))
        for criterion in result.criteria {
            let unit = LoadFigure(criterion.figure)?.unit ?? .count
            section.append(
                "criterion",
                .init("\(criterion.figure) \(criterion.comparison) \(FigureText.text(criterion.bound, unit))"),
                .init(criterion.measured.map { FigureText.text($0, unit) } ?? "not measured"),
                criterion.passed ? .init("met", .green) : .init("not met", .red))
        }
        return section
    }
}
