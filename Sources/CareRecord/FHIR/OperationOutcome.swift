/// What was found wrong with an input (FHIR R4, resource OperationOutcome).
///
/// It holds a bounded number of issues, errors before anything else, and counts the rest.
package struct OperationOutcome: Error, Sendable, Hashable {
    package static let issuesMax = 100

    package private(set) var issues: [Issue] = []
    /// How many more there were.
    package private(set) var omittedCount = 0
    /// The worst severity of all, those left out included; `nil` while there are none.
    package private(set) var worst: Issue.Severity?

    package init(_ issues: [Issue] = []) {
        for issue in issues { append(issue) }
    }

    /// Whether anything was found that refuses what it was found in.
    package var isRefusal: Bool { worst.map { $0 <= .error } ?? false }

    package mutating func append(_ issue: Issue) {
        worst = min(worst ?? issue.severity, issue.severity)
        guard issues.count >= Self.issuesMax else { return issues.append(issue) }
        omittedCount += 1
        if issue.severity <= .error, let mild = issues.lastIndex(where: { $0.severity > .error }) {
            issues[mild] = issue
        }
    }

    package mutating func append(contentsOf other: OperationOutcome) {
        for issue in other.issues { append(issue) }
        omittedCount += other.omittedCount
        if let theirs = other.worst { worst = min(worst ?? theirs, theirs) }
    }

    func map(_ change: (Issue) -> Issue) -> OperationOutcome {
        var outcome = self
        outcome.issues = issues.map(change)
        return outcome
    }

    /// The FHIR resource. With nothing to say it has one issue of severity information, since FHIR asks for one.
    package func json() -> JSON {
        var issues = self.issues.map { $0.json() }
        if omittedCount > 0 {
            let more = Issue(.information, .informational, at: "", "… and \(omittedCount) more issues")
            issues.append(more.json())
        }
        if issues.isEmpty { issues.append(Issue(.information, .informational, at: "", "All OK").json()) }
        return ["resourceType": "OperationOutcome", "issue": .array(issues)]
    }
}

extension OperationOutcome: CustomStringConvertible {
    /// One line an issue; safe to log.
    package var description: String {
        let more = omittedCount > 0 ? ["… and \(omittedCount) more issues"] : []
        return (issues.map(\.description) + more).joined(separator: "\n")
    }
}
