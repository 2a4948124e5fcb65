import CareRecord
import Storage

/// Of what is known of a patient, the results, procedures and imaging that were asked for, and what was left out of
/// them: an entry that cannot be judged is listed, never dropped.
struct ResultList: Sendable {
    static let categories: [Category] = [.result, .procedure, .imaging]

    /// The newest first; those without a date that can be read come last.
    let results: [IndexedEntry]
    /// How many of the results have no such date.
    let undatedCount: Int
    /// Those that may have one of the codes: a pointer, or a text without a code. In the same order.
    let unjudged: [IndexedEntry]
    let otherCodeCount: Int
    let earlierCount: Int

    private struct Dated {
        let entry: IndexedEntry
        let span: DaySpan?

        init(_ entry: IndexedEntry) {
            self.entry = entry
            span = entry.facts.date.flatMap(DaySpan.init)
        }
    }

    /// `nil` of either asks for everything.
    init(_ entries: [IndexedEntry], codes: CodeFilter?, since: CalendarDay?) {
        var results: [Dated] = []
        var unjudged: [Dated] = []
        var otherCodeCount = 0
        var earlierCount = 0
        for entry in entries where Self.categories.contains(entry.facts.category) {
            let dated = Dated(entry)
            let finding = codes?.find(entry.facts) ?? .match
            if finding == .other {
                otherCodeCount += 1
            } else if let since, dated.span?.reach(since) == .before {
                earlierCount += 1
            } else if finding == .match {
                results.append(dated)
            } else {
                unjudged.append(dated)
            }
        }
        self.results = Self.sorted(results)
        self.unjudged = Self.sorted(unjudged)
        self.otherCodeCount = otherCodeCount
        self.earlierCount = earlierCount
        undatedCount = results.count { $0.span == nil }
    }

    private static func sorted(_ entries: [Dated]) -> [IndexedEntry] {
        entries.sorted { left, right in
            if left.span?.start != right.span?.start {
                guard let leftStart = left.span?.start else { return false }
                return right.span.map { leftStart > $0.start } ?? true
            }
            return (left.entry.source, left.entry.resource) < (right.entry.source, right.entry.resource)
        }.map(\.entry)
    }
}
