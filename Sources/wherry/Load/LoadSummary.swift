import Foundation
import LoadTest

/// What a load test found, as tables.
struct LoadSummary {
    let result: LoadResult
    let directory: String

    func screen(_ look: Screen.Look) -> Screen {
        var screen = Screen(look)
        screen.append(rates)
        screen.append(latencies)
        screen.append(ratios)
        screen.append(faults)
        screen.append(processes)
        screen.append("Accounting", "accounting", facts: accounting)
        screen.append(criteria)
        screen.say(
            result.passed ? .init("passed", .green) : .init("not passed", .red))
        screen.tell("verdict", result.passed ? "passed" : "not passed")
        for remark in result.remarks {
            screen.say(.init("  \(remark)"))
            screen.tell("remark", .init(remark))
        }
        screen.say(.init("results: \(directory)/report.html", .dim))
        screen.tell("results", .init(directory))
        return screen
    }

    private var rates: Section {
        var section = Section(
            "Rates", .init("Stream"), .init("Intended/s", .right), .init("Achieved/s", .right), .init("Count", .right))
        for (name, rate) in result.rates.sorted(by: { $0.key < $1.key }) {
            section.append(
                "rate", .init(name), .init(rate.intended.map(Self.text) ?? "–"), .init(Self.text(rate.achieved)),
                "\(rate.count)")
        }
        return section
    }

    private var latencies: Section {
        var section = Section(
            "Latencies in ms, from the intended send", .init("Clock"), .init("p50", .right), .init("p90", .right),
            .init("p99", .right), .init("p99.9", .right), .init("p99.99", .right), .init("max", .right),
            .init("Count", .right))
        for clock in LoadResult.Clock.allCases {
            guard let times = result.latencies[clock.rawValue]?.corrected, times.count > 0 else { continue }
            let figures = [times.p50, times.p90, times.p99, times.p999, times.p9999, times.max].map(Self.text)
            section.append(
                "latency", cells: [.init(clock.rawValue)] + figures.map { .init($0) } + ["\(times.count)"])
        }
        return section
    }

    private var ratios: Section {
        var section = Section(
            "Beside baselines of the same run", .init("Baseline"), .init("Ratio", .right), .init("Measured/s", .right),
            .init("Baseline/s", .right))
        for ratio in result.ratios {
            section.append(
                "ratio", .init(ratio.name), .init(String(format: "%.2f", ratio.value)),
                .init(Self.text(ratio.measured)), .init(Self.text(ratio.baseline)))
        }
        return section
    }

    private var faults: Section {
        var section = Section(
            "Faults", .init("Fault"), .init("Target"), .init("From s", .right), .init("Until s", .right),
            .init("Recovered after s", .right))
        for fault in result.faults {
            section.append(
                "fault", .init(fault.kind), .init(fault.target), .init(Self.text(fault.from)),
                .init(Self.text(fault.until)), .init(fault.recoveredAfterSeconds.map(Self.text) ?? "not"))
        }
        return section
    }

    private var processes: Section {
        var section = Section(
            "Processes", .init("Process"), .init("CPU s", .right), .init("Resident MiB", .right),
            .init("Written MiB", .right))
        for process in result.processes {
            section.append(
                "process", .init(process.name), .init(Self.text(process.cpuSeconds)),
                .init(Self.text(process.residentMebibytesMax)), .init(process.writtenMebibytes.map(Self.text) ?? "–"))
        }
        return section
    }

    private var criteria: Section {
        var section = Section(
            "Criteria", .init("Criterion"), .init("Measured", .right), .init("Outcome"))
        for criterion in result.criteria {
            section.append(
                "criterion", .init("\(criterion.figure) \(criterion.comparison) \(Self.text(criterion.bound))"),
                .init(criterion.measured.map(Self.text) ?? "–"),
                criterion.passed ? .init("met", .green) : .init("not met", .red))
        }
        return section
    }

    private var accounting: [(name: String, value: Table.Cell)] {
        let all = result.accounting
        func bad(_ count: Int) -> Table.Cell { .init("\(count)", count > 0 ? .red : .plain) }
        return [
            ("attempted", "\(all.attempted)"), ("acknowledged", "\(all.acknowledged)"), ("unknown", "\(all.unknown)"),
            ("applied", "\(all.applied)"), ("lost", bad(all.lost)), ("duplicated", bad(all.duplicated)),
            ("stale", bad(all.stale)), ("held", "\(all.held)"), ("errors", "\(all.errors)"),
            ("wrong coverage", bad(all.wrongCoverage)),
        ]
    }

    /// Three digits that count.
    private static func text(_ value: Double) -> String {
        abs(value) >= 100 ? String(format: "%.0f", value) : String(format: "%.3g", value)
    }
}
