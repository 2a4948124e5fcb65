/// What a search asks of a date: `2024-02`, `ge2024-02-29`, `lt2024-02-29T09:30:00Z` (FHIR R4, search, date).
package struct DateCriterion: Sendable, Hashable {
    /// How the date found stands to the one asked for. Both are spans: a month is as long as it is.
    package enum Comparison: String, Sendable, CaseIterable {
        /// It lies within.
        case eq
        case ne
        /// Some of it lies after, or before.
        case gt, lt
        case ge, le
        /// All of it lies after, or before.
        case sa, eb
    }

    package let comparison: Comparison
    /// As it was given, without the comparison.
    package let date: String
    private let span: ClosedRange<Int64>

    /// `nil` for what is no date, and for the comparison `ap`.
    package init?(_ text: String) {
        let comparison = Comparison(rawValue: String(text.prefix(2)))
        date = comparison == nil ? text : String(text.dropFirst(2))
        self.comparison = comparison ?? .eq
        guard let span = FHIRDate.span(of: date) else { return nil }
        self.span = span
    }

    package init?(_ comparison: Comparison, _ date: String) {
        self.init(comparison.rawValue + date)
    }

    /// Whether a FHIR date, dateTime or instant fits; what is none does not.
    package func matches(_ date: String) -> Bool {
        guard let found = FHIRDate.span(of: date) else { return false }
        let isWithin = span.lowerBound <= found.lowerBound && found.upperBound <= span.upperBound
        return switch comparison {
        case .eq: isWithin
        case .ne: !isWithin
        case .gt: found.upperBound > span.upperBound
        case .lt: found.lowerBound < span.lowerBound
        case .ge: isWithin || found.upperBound > span.upperBound
        case .le: isWithin || found.lowerBound < span.lowerBound
        case .sa: found.lowerBound > span.upperBound
        case .eb: found.upperBound < span.lowerBound
        }
    }
}
