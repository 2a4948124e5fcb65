import LoadTest

/// The form of `wherry load compare --json` (Docs/json.md).
struct ComparisonReport: Encodable {
    struct Run: Encodable {
        let profile: String
        let startedAt: String
        let passed: Bool
        let commit: String?

        init(_ result: LoadResult) {
            profile = result.profile
            startedAt = result.startedAt
            passed = result.passed
            commit = result.environment.commit
        }

        private enum CodingKeys: CodingKey {
            case profile
            case startedAt
            case passed
            case commit
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(profile, forKey: .profile)
            try container.encode(startedAt, forKey: .startedAt)
            try container.encode(passed, forKey: .passed)
            try container.encode(commit, forKey: .commit)
        }
    }

    struct Figure: Encodable {
        let row: LoadComparison.Row

        private enum CodingKeys: CodingKey {
            case figure
            case unit
            case a
            case b
            case ratio
            case verdict
        }

        /// What is not known is null.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(row.figure, forKey: .figure)
            try container.encode(row.unit.rawValue, forKey: .unit)
            try container.encode(row.before.finite, forKey: .a)
            try container.encode(row.after.finite, forKey: .b)
            try container.encode(row.ratio.finite, forKey: .ratio)
            try container.encode(row.verdict.rawValue, forKey: .verdict)
        }
    }

    let verdict: String
    let sentence: String
    let tolerancePercent: Double
    let a: Run
    let b: Run
    let warnings: [String]
    let figures: [Figure]

    init(_ comparison: LoadComparison, before: LoadResult, after: LoadResult, tolerancePercent: Double) {
        verdict = comparison.verdict.rawValue
        sentence = comparison.sentence
        self.tolerancePercent = tolerancePercent
        a = Run(before)
        b = Run(after)
        warnings = comparison.warnings
        figures = comparison.rows.map(Figure.init)
    }
}

extension Double? {
    fileprivate var finite: Double? { flatMap { $0.isFinite ? $0 : nil } }
}
