/// Two results side by side: what is better, worse or the same in the second.
package struct LoadComparison: Sendable, Equatable {
    package enum Verdict: String, Sendable {
        case better
        case worse
        case same
        /// Too few values stand behind it, or it says nothing about the mesh.
        case notJudged = "not judged"
    }

    package struct Row: Sendable, Equatable {
        package let figure: String
        package let unit: LoadFigure.Unit
        package let before: Double?
        package let after: Double?
        /// `nil` where there is nothing to divide by.
        package let ratio: Double?
        package let verdict: Verdict
    }

    /// Why two results cannot be compared.
    package struct Refusal: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Figures that differ by less are the same.
    package static let usualTolerancePercent = 10.0
    /// What a clock and a scheduler add to any latency.
    static let noiseMilliseconds = 0.1
    /// So many values at least lie beyond a percentile that is judged.
    static let valuesBeyondMin = 30
    private static let namedMax = 5

    package let rows: [Row]
    /// How the runs differ in what bears on their figures.
    package let warnings: [String]
    /// Never ``Verdict/notJudged``.
    package let verdict: Verdict
    /// In a sentence.
    package let sentence: String

    package init(
        _ before: LoadResult, _ after: LoadResult, tolerancePercent: Double = Self.usualTolerancePercent
    ) throws(Refusal) {
        let figures = LoadFigure.compared.filter { $0.value(in: before) != nil || $0.value(in: after) != nil }
        if before.profile != after.profile {
            let missing = figures.filter { ($0.value(in: before) == nil) != ($0.value(in: after) == nil) }
            guard missing.isEmpty else {
                let names = missing.prefix(Self.namedMax).map(\.name).joined(separator: ", ")
                throw Refusal(
                    description: "\(before.profile) and \(after.profile) are different loads, and not the same figures "
                        + "are in both (\(names)): compare two runs of one profile")
            }
        }
        let rows = figures.map { Self.row($0, before, after, tolerancePercent) }
        let worse = rows.filter { $0.verdict == .worse }
        let better = rows.filter { $0.verdict == .better }
        let hasFailed = before.passed && !after.passed
        let hasHealed = !before.passed && after.passed
        self.rows = rows
        warnings = Self.warnings(before, after)
        verdict = hasFailed || !worse.isEmpty ? .worse : hasHealed || !better.isEmpty ? .better : .same
        let judged = rows.filter { $0.verdict != .notJudged }.count
        sentence = Self.sentence(
            verdict, worse: worse, better: better, judged: judged, tolerance: tolerancePercent,
            outcome: hasFailed
                ? "the first run passed and the second did not"
                : hasHealed ? "the first run did not pass and the second did" : nil)
    }

    // MARK: Judging

    private static func row(
        _ figure: LoadFigure, _ before: LoadResult, _ after: LoadResult, _ tolerancePercent: Double
    ) -> Row {
        let (left, right) = (figure.value(in: before), figure.value(in: after))
        let ratio = left.flatMap { left in right.flatMap { left > 0 ? $0 / left : nil } }
        var verdict = Verdict.notJudged
        if let left, let right, figure.isJudged(in: before), figure.isJudged(in: after) {
            verdict = Self.verdict(figure, left, right, tolerancePercent)
        }
        return Row(
            figure: figure.name, unit: figure.unit, before: left, after: right, ratio: ratio, verdict: verdict)
    }

    private static func verdict(
        _ figure: LoadFigure, _ before: Double, _ after: Double, _ tolerancePercent: Double
    ) -> Verdict {
        guard before.isFinite, after.isFinite, before != after else { return .same }
        if case .latency = figure, abs(before - after) < noiseMilliseconds { return .same }
        // The same distance both ways: what is 10 % more than the other is not 9 % less than it.
        let factor = 1 + tolerancePercent / 100
        if figure.toleratesNothing == false, after <= before * factor, before <= after * factor { return .same }
        return (after < before) == figure.isLowerBetter ? .better : .worse
    }

    private static func sentence(
        _ verdict: Verdict, worse: [Row], better: [Row], judged: Int, tolerance: Double, outcome: String?
    ) -> String {
        let percent = "\(FigureText.text(tolerance)) %"
        func named(_ rows: [Row]) -> String {
            let names = rows.prefix(namedMax).map { row in
                row.figure + (row.ratio.map { " \(FigureText.text($0))×" } ?? "")
            }
            return names.joined(separator: ", ") + (rows.count > namedMax ? " and \(rows.count - namedMax) more" : "")
        }
        var parts: [String] = []
        if !worse.isEmpty { parts.append("\(worse.count) worse (\(named(worse)))") }
        if !better.isEmpty { parts.append("\(better.count) better (\(named(better)))") }
        parts.append("\(judged - worse.count - better.count) the same within \(percent)")
        let words = (outcome.map { $0 + "; " } ?? "") + "of \(judged) figures " + parts.joined(separator: ", ")
        return switch verdict {
        case .worse: "The second run is worse: \(words)."
        case .better: "The second run is better: \(words)."
        case .same, .notJudged: "The second run is the same: \(words)."
        }
    }

    // MARK: Environments

    /// Of durations, in percent.
    private static let durationDifferenceMax = 1.0
    /// Of memory: what a kernel keeps for itself differs by a little.
    private static let memoryDifferenceMax = 5.0

    private static func warnings(_ before: LoadResult, _ after: LoadResult) -> [String] {
        let (left, right) = (before.environment, after.environment)
        var pairs: [(name: String, before: String, after: String)] = [
            ("profile", before.profile, after.profile), ("cores", "\(left.cores)", "\(right.cores)"),
            ("queues", left.queueType, right.queueType), ("durability", left.durability, right.durability),
            ("HIEs", "\(left.hies)", "\(right.hies)"), ("brokers", "\(left.brokers)", "\(right.brokers)"),
            ("seed", "\(left.seed)", "\(right.seed)"),
        ]
        for name in Set(left.versions.keys).union(right.versions.keys).sorted() {
            pairs.append((name, left.versions[name] ?? "none", right.versions[name] ?? "none"))
        }
        if differ(Double(left.memoryMebibytes), Double(right.memoryMebibytes), byPercent: memoryDifferenceMax) {
            pairs.append(("memory", "\(left.memoryMebibytes) MiB", "\(right.memoryMebibytes) MiB"))
        }
        if before.rates["bulk"] == nil, before.growth.isEmpty,
            differ(before.durationSeconds, after.durationSeconds, byPercent: durationDifferenceMax)
        {
            pairs.append(
                (
                    "duration", FigureText.text(before.durationSeconds, .seconds),
                    FigureText.text(after.durationSeconds, .seconds)
                ))
        }
        var warnings = pairs.filter { $0.before != $0.after }.map { "\($0.name): \($0.before), then \($0.after)" }
        if !before.passed, !after.passed { warnings.append("neither run passed: see why before you compare them") }
        return warnings
    }

    private static func differ(_ left: Double, _ right: Double, byPercent percent: Double) -> Bool {
        abs(left - right) > max(left, right) * percent / 100
    }
}

extension LoadFigure {
    /// Those that two runs are compared by: of latencies the corrected ones.
    static let compared: [LoadFigure] = allNames.compactMap { LoadFigure($0) }.filter { figure in
        switch figure {
        case .latency(_, let isCorrected, let quantile): isCorrected && quantile != .mean
        case .share: false
        case .count, .duration, .recovery, .workerMemory, .rate, .ratio, .growth: true
        }
    }

    /// A record that is lost is one too many, whatever the tolerance.
    fileprivate var toleratesNothing: Bool {
        switch self {
        case .count(.lost), .count(.duplicated), .count(.stale), .count(.wrongCoverage): true
        case .count, .duration, .recovery, .workerMemory, .latency, .rate, .share, .ratio, .growth: false
        }
    }

    /// The slowest few values are chance, the duration is the profile's, and what is unknown is the fault's.
    fileprivate func isJudged(in result: LoadResult) -> Bool {
        switch self {
        case .latency(let clock, _, let quantile):
            let count = result.latencies[clock.rawValue]?.corrected.count ?? 0
            return quantile.above.map { count / 100_000 * $0 + count % 100_000 * $0 / 100_000 }
                .map { $0 >= LoadComparison.valuesBeyondMin } ?? false
        case .duration, .count(.unknown): return false
        case .count, .recovery, .workerMemory, .rate, .share, .ratio, .growth: return true
        }
    }
}
