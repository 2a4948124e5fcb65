import CareRecord
import HTTPTypes
import Hummingbird
import Storage

/// Which entries a search asks for, and what it could not tell of some.
struct EntryFilter {
    fileprivate struct Token {
        /// `nil` for any, empty for none.
        let system: String?
        /// `nil` for any.
        let code: String?
    }

    /// Of each group one has to fit.
    private var codes: [[Token]] = []
    private var dates: [[DateCriterion]] = []
    private var since: DateCriterion?
    private var uncoded: [HIEIdentifier: Int] = [:]
    private var undated = 0

    init(_ asked: SearchRequest) throws(Refusal) {
        for value in asked.values("code") { codes.append(value.alternatives.map(Self.token)) }
        for value in asked.values("date") {
            var group: [DateCriterion] = []
            for text in value.alternatives { group.append(try Self.criterion(text, "date")) }
            dates.append(group)
        }
        guard let text = asked.first("_since") else { return }
        let date = try Self.criterion(text, "_since")
        guard date.comparison == .eq else {
            throw Refusal(.badRequest, .value, "_since is a date or a time without a prefix")
        }
        since = DateCriterion(.ge, date.date)
    }

    /// Whether the entry is asked for; counts what cannot be told.
    mutating func takes(_ entry: IndexedEntry) -> Bool {
        let facts = entry.facts
        if let since, let date = facts.date, FHIRDate(date) != nil, !since.matches(date) { return false }
        if !codes.isEmpty, facts.code == nil {
            uncoded[entry.source, default: 0] += 1
            return false
        }
        guard codes.allSatisfy({ $0.contains { token in token.fits(facts) } }) else { return false }
        guard !dates.isEmpty else { return true }
        guard let date = facts.date, FHIRDate(date) != nil else {
            undated += 1
            return false
        }
        return dates.allSatisfy { $0.contains { $0.matches(date) } }
    }

    /// What was left out because it could not be told.
    var issues: [OperationOutcome.Issue] {
        var issues = uncoded.sorted { $0.key < $1.key }.map { hie, count in
            OperationOutcome.Issue(
                .warning, .incomplete, at: "",
                "\(count) entries of \(hie) have no code here and are left out: search without code to see them")
        }
        if undated > 0 {
            issues.append(
                OperationOutcome.Issue(
                    .information, .incomplete, at: "",
                    "\(undated) entries have no date and are left out: search without date to see them"))
        }
        return issues
    }

    private static func token(_ text: String) -> Token {
        guard let bar = text.firstIndex(of: "|") else { return Token(system: nil, code: text) }
        let code = String(text[text.index(after: bar)...])
        return Token(system: String(text[..<bar]), code: code.isEmpty ? nil : code)
    }

    private static func criterion(_ text: String, _ name: String) throws(Refusal) -> DateCriterion {
        // A plus sign that was not percent-encoded came as a space.
        let text = text.contains(":") ? String(text.map { $0 == " " ? "+" : $0 }) : text
        guard let criterion = DateCriterion(text) else {
            throw Refusal(
                .badRequest, .value,
                "\(name) is 2024, 2024-02, 2024-02-29 or 2024-02-29T09:30:00Z, with eq, ne, gt, lt, ge, le, sa or eb")
        }
        return criterion
    }
}

extension EntryFilter.Token {
    fileprivate func fits(_ facts: Facts) -> Bool {
        if let code, code != facts.code { return false }
        return system.map { $0 == facts.system ?? "" } ?? true
    }
}
