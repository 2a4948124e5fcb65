package import CareRecord

/// How many rows of a list came to which verdict.
package struct SafetyNetSummary: Sendable, Hashable {
    package private(set) var rows = 0
    private var counts: [SafetyNetRow.Verdict: Int] = [:]

    package init(_ rows: some Sequence<SafetyNetRow>) {
        for row in rows {
            self.rows += 1
            counts[row.verdict, default: 0] += 1
        }
    }

    package subscript(_ verdict: SafetyNetRow.Verdict) -> Int { counts[verdict] ?? 0 }

    /// The counts by the names that they have in JSON.
    package var named: [(name: String, count: Int)] {
        [("rows", rows)] + SafetyNetRow.Verdict.allCases.map { ($0.name, self[$0]) }
    }

    package var json: JSON {
        .object(JSONObject(named.map { JSONObject.Member(name: $0.name, value: .number(String($0.count))) }))
    }
}

extension SafetyNetRow.Verdict {
    fileprivate var name: String {
        switch self {
        case .given: "appointmentGiven"
        case .notKnown: "noAppointmentKnown"
        case .cannotTell: "cannotTell"
        case .refused: "refused"
        }
    }
}
