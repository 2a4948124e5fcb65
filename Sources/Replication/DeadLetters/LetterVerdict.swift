/// What becomes of a dead letter when it is replayed, foreseen or done.
package enum LetterVerdict: Sendable, Hashable {
    /// It changes the index.
    case applied
    /// The index has that very change.
    case duplicate
    /// The source has said something later: its number, where it is known.
    case superseded(by: Int64?)
    /// It is refused again.
    case failed(Rejection)

    /// The word of the contract for what happened.
    package var word: String {
        switch self {
        case .applied: "applied"
        case .duplicate: "duplicate"
        case .superseded: "superseded"
        case .failed: "failedAgain"
        }
    }
}

/// How many letters came, or would come, to what.
package struct VerdictCounts: Sendable, Hashable {
    package var applied = 0
    package var duplicate = 0
    package var superseded = 0
    package var failed = 0

    package init() {}

    package var total: Int { applied + duplicate + superseded + failed }

    package mutating func count(_ verdict: LetterVerdict, _ number: Int = 1) {
        switch verdict {
        case .applied: applied += number
        case .duplicate: duplicate += number
        case .superseded: superseded += number
        case .failed: failed += number
        }
    }
}
