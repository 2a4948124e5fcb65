import CareRecord
import Gateway

/// A list of referrals and what is known of each, how complete that is, and what it comes to.
struct SafetyNetView {
    private let answer: SafetyNetAnswer
    private let coverage: [CoverageRow]

    init(_ answer: SafetyNetAnswer) {
        self.answer = answer
        coverage = answer.coverage.map(CoverageRow.init)
    }

    /// Everything; the summary comes last, where it stays on the screen.
    func printAll() {
        var section = Section(
            "Referrals", .init("line", .right), .init("NHS number"), .init("referred"), .init("referral"),
            .init("appointment"), .init("verdict"), .init("where"))
        for row in answer.rows {
            section.append(
                "row", .init(row[.line]), .init(PatientHeading.spaced(row[.nhsNumber])), .init(row[.referralDate]),
                .init(Self.joined(row[.referral], row[.referralSource])),
                .init(Self.joined(String(row[.appointmentDate].prefix(10)), row[.appointmentStatus])),
                .init(row.verdict.rawValue, Self.style(of: row.verdict)),
                .init(
                    row.verdict == .refused
                        ? row[.reason] : Self.joined(row[.appointmentSource], row[.appointmentReference]), .dim))
        }
        section.print()
        printSummary()
    }

    func printSummary() {
        coverage.section.print()
        var section = Section("Summary", .init("rows", .right), .init("verdict"), .init("because"))
        for (verdict, count, reason) in counts {
            section.append(
                "summary", .init(String(count)), .init(verdict.rawValue, Self.style(of: verdict)), .init(reason, .dim))
        }
        section.print()
    }

    /// What stands beside CSV that goes into a pipe.
    var notes: String {
        let counts = counts.filter { $0.count > 0 }.map { "\($0.count) \($0.verdict.rawValue)" }
        let missing = coverage.filter { !$0.isWhole }.map { "\($0.hie) is \($0.state): \($0.reason)" }
        return ([Self.joined("\(answer.summary.rows) rows:", counts.joined(separator: ", "))] + missing)
            .joined(separator: "\n")
    }

    private var counts: [(verdict: SafetyNetRow.Verdict, count: Int, reason: String)] {
        SafetyNetRow.Verdict.allCases.map { verdict in
            let count = answer.summary[verdict]
            return (verdict, count, count == 0 ? "" : reason(for: verdict))
        }
    }

    private func reason(for verdict: SafetyNetRow.Verdict) -> String {
        switch verdict {
        case .given: return ""
        case .notKnown: return "every HIE is complete, and none has one"
        case .cannotTell:
            let missing = coverage.filter { !$0.isWhole }.map { "\($0.hie) (\($0.state))" }
            return missing.isEmpty ? "an appointment may be one" : "not complete: \(missing.joined(separator: ", "))"
        case .refused: return "the row is no referral: its reason is in the row"
        }
    }

    private static func joined(_ texts: String...) -> String {
        texts.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func style(of verdict: SafetyNetRow.Verdict) -> Style {
        switch verdict {
        case .given: .green
        case .notKnown, .refused: .red
        case .cannotTell: .yellow
        }
    }
}
