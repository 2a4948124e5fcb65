import Foundation

extension LoadResult {
    /// How a remark begins that says that the figures are not the mesh's.
    package static let generatorRemark = "the generator could not keep up"

    /// Settles whether it passed: by the profile's criteria, and by what no profile allows. Why not is said in the
    /// remarks. What has not passed before does not pass now.
    ///
    /// What stopped the run before its end is in `stopped`, in a sentence.
    package mutating func judge(by criteria: [LoadProfile.Criterion], stopped: String? = nil) {
        self.criteria = criteria.map { criterion in
            let measured = figure(criterion.figure)
            return CriterionResult(
                criterion, measured: measured, passed: measured.map { criterion.isMet(by: $0) } ?? false)
        }
        var reasons = [stopped].compactMap(\.self) + accounting.failures
        reasons += faults.filter { $0.recoveredAfterSeconds == nil }.map(\.failure)
        reasons += self.criteria.filter { !$0.passed }.map(\.failure)
        let couldKeepUp = !remarks.contains { $0.hasPrefix(Self.generatorRemark) }
        passed = passed && reasons.isEmpty && couldKeepUp
        remarks = reasons + remarks
    }
}

extension LoadProfile.Criterion {
    /// A figure that is no number meets nothing.
    package func isMet(by figure: Double) -> Bool {
        switch comparison {
        case .atMost: figure <= bound
        case .atLeast: figure >= bound
        }
    }
}

extension LoadResult.Accounting {
    /// What must not be, whatever a profile asks for.
    fileprivate var failures: [String] {
        [
            (
                lost, "change that was accepted is missing at a worker",
                "changes that were accepted are missing at a worker"
            ),
            (duplicated, "record stands twice", "records stand twice"),
            (
                stale, "record stands in an older version, or although it was deleted",
                "records stand in an older version, or although they were deleted"
            ),
            (
                wrongCoverage, "lookup left an HIE out of its coverage, or claimed what cannot be",
                "lookups left an HIE out of their coverage, or claimed what cannot be"
            ),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.0 == 1 ? $0.1 : $0.2)" }
    }
}

extension LoadResult.FaultResult {
    fileprivate var failure: String {
        "the mesh did not recover from \(kind) of \(target) at \(Int(from)) s while it was watched"
    }
}

extension LoadResult.CriterionResult {
    fileprivate var failure: String {
        let bound = "\(comparison) \(Self.text(bound))"
        guard let measured else { return "\(figure) was not measured, and had to be \(bound)" }
        return "\(figure) was \(Self.text(measured)), and had to be \(bound)"
    }

    /// Three significant digits, as few as that takes.
    private static func text(_ value: Double) -> String {
        abs(value) >= 100 ? String(format: "%.0f", value) : String(format: "%.3g", value)
    }
}
