import ArgumentParser
import LoadTest

/// Says whether one run is better or worse than another.
struct LoadCompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare two runs of a load test.",
        discussion: """
            Figures that differ by less than the tolerance are the same, and so are latencies that differ by less than \
            a tenth of a millisecond. A percentile beyond which fewer than thirty values lie is shown and not judged. \
            A record that is lost, doubled or stale is worse whatever the tolerance.

            Machines are noisy: compare runs of one machine, and several of each. Exit status 1 when the second run is \
            worse.

            Example:
              wherry load compare load-results/before load-results/after --tolerance 15
            """)

    @Argument(help: .init("The directory of the first run, or its result.json.", valueName: "a"), completion: .file())
    var before: String

    @Argument(help: .init("The same of the second run.", valueName: "b"), completion: .file())
    var after: String

    @Option(
        help: .init("Figures that differ by less are the same.", valueName: "percent"))
    var tolerance = LoadComparison.usualTolerancePercent

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (0...1000).contains(tolerance) else { throw ValidationError("--tolerance is a number from 0 to 1000") }
    }

    func run() async throws {
        let (first, second) = (try LoadResult.read(path: before), try LoadResult.read(path: after))
        let comparison: LoadComparison
        do {
            comparison = try LoadComparison(first, second, tolerancePercent: tolerance)
        } catch {
            throw CommandFailure(.refused, error.description)
        }
        if output.isJSON {
            try Terminal.print(
                json: ComparisonReport(comparison, before: first, after: second, tolerancePercent: tolerance))
        } else {
            Self.screen(comparison, .current).print()
        }
        if comparison.verdict == .worse { throw CommandFailure.alreadyReported }
    }

    static func screen(_ comparison: LoadComparison, _ look: Screen.Look) -> Screen {
        var screen = Screen(look)
        var section = Section(
            "Figures", .init("Figure"), .init("First", .right), .init("Second", .right), .init("Ratio", .right),
            .init("Verdict"))
        for row in comparison.rows {
            section.append(
                "figure", .init(row.figure), .init(row.before.map { FigureText.text($0, row.unit) } ?? "–"),
                .init(row.after.map { FigureText.text($0, row.unit) } ?? "–"),
                .init(row.ratio.map { FigureText.text($0) } ?? "–"), row.verdict.cell)
        }
        screen.append(section)
        for warning in comparison.warnings {
            screen.say(.init("differs: \(warning)", .yellow))
            screen.tell("differs", .init(warning))
        }
        if !comparison.warnings.isEmpty { screen.space() }
        screen.say(.init(comparison.sentence, comparison.verdict.cell.style))
        screen.tell("verdict", .init(comparison.verdict.rawValue), .init(comparison.sentence))
        return screen
    }
}

extension LoadComparison.Verdict {
    fileprivate var cell: Table.Cell {
        switch self {
        case .better: .init(rawValue, .green)
        case .worse: .init(rawValue, .red)
        case .same: .init(rawValue)
        case .notJudged: .init(rawValue, .dim)
        }
    }
}
