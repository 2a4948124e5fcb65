package import CareRecord
package import Replication

/// Which letters: all of the conditions hold. Without any, those that are parked.
package struct LetterFilter: Sendable, Hashable {
    package enum Source: Sendable, Hashable {
        case hie(HIEIdentifier)
        /// None that could be read and believed.
        case unknown
    }

    /// Empty: of any.
    package var states: Set<LetterState> = [.parked]
    package var causes: Set<Rejection.Cause> = []
    package var sources: Set<Source> = []
    package var types: Set<String> = []
    package var queue: String?
    package var ids: [Int64] = []
    /// First seen so long ago, or longer.
    package var olderThan: TimeSpan?
    package var newerThan: TimeSpan?
    /// Part of the detail, routing key, message id, type or resource, or a patient's NHS number.
    package var search: String?

    package init() {}
}

/// How old a letter is, in the steps of a list.
package enum AgeBand: String, Sendable, CaseIterable {
    case hour = "under an hour"
    case day = "under a day"
    case week = "under a week"
    case older = "a week or more"

    /// Exclusive; `nil` for no end.
    package var millisecondsMax: Int64? {
        switch self {
        case .hour: 3_600_000
        case .day: 86_400_000
        case .week: 7 * 86_400_000
        case .older: nil
        }
    }
}

/// Letters of one cause, source, type and age.
package struct LetterGroup: Sendable, Hashable {
    package let cause: Rejection.Cause
    package let source: HIEIdentifier?
    package let type: String?
    package let age: AgeBand
    package let count: Int
    package let oldest: Timestamp
    package let newest: Timestamp
}

/// The letters that a filter finds, counted.
package struct LetterSummary: Sendable, Hashable {
    package let total: Int
    /// The largest first.
    package let groups: [LetterGroup]
}

/// Letters of one cause that are parked: for metrics.
package struct CauseCount: Sendable, Hashable {
    package let cause: Rejection.Cause
    package let count: Int
    package let oldest: Timestamp
}
