package import AMQP
package import CareRecord
import Logging
package import Replication
package import Storage

/// Why an operator's act on dead letters is not done. The reason says what to do.
package struct DeadLetterRefusal: Error, Sendable, Hashable {
    package enum Code: String, Sendable {
        /// There is no such letter or plan.
        case notFound
        /// It is not in the state that this needs.
        case conflict
        /// The plan's letters are not those any more that it was made of.
        case changed
        /// The number of letters is another than was said.
        case count
        case invalid
    }

    package let code: Code
    package let reason: String

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}

/// Everything about a letter that an operator wants to see.
package struct LetterView: Sendable {
    package let letter: ParkedLetter
    package let history: [LetterEvent]
    /// What a replay would do now.
    package let foreseen: LetterVerdict
    /// What the index holds for the record now, of this source.
    package let standing: IndexedEntry?
    /// How far the source is applied.
    package let watermark: Int64?
}

/// A plan as it runs.
package struct PlanProgress: Sendable {
    package let plan: ReplayPlan
    /// Letters a second at present, and how many are on their way at most; `nil` while it does not run.
    package let perSecond: Double?
    package let window: Int?
}

/// What came of an import.
package struct ImportOutcome: Sendable, Hashable {
    package var imported = 0
    /// Letters that are there already.
    package var known = 0
    /// The first lines that could not be read, from 1, and why.
    package var refused: [(line: Int, reason: String)] = []
    package var refusedCount = 0

    package static func == (left: ImportOutcome, right: ImportOutcome) -> Bool {
        left.imported == right.imported && left.known == right.known && left.refusedCount == right.refusedCount
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(imported) }
}

/// What an operator changes of a letter's content; `nil` leaves a part as it is.
package struct LetterEdit: Sendable {
    package var body: [UInt8]?
    /// Headers to set, or with `nil` to take away.
    package var headers: [String: Field?] = [:]
    package var type: String?
    package var appID: String?
    package var routingKey: String?

    package init() {}
}

/// What an edit came to.
package struct EditOutcome: Sendable {
    package let letter: ParkedLetter
    /// Lines of a diff, each beginning with a space, `-` or `+`.
    package let diff: [String]
    /// What a replay would do with it now. An edited letter that would still be refused is parked with that cause.
    package let foreseen: LetterVerdict
}

/// How the numbers of one source's journal add up: published = applied + held + discarded + behind.
package struct SourceAccount: Sendable, Hashable {
    package let hie: HIEIdentifier
    /// The journal's head, as far as it is known.
    package let published: Int64
    package let applied: Int64
    /// Single changes that are parked.
    package let held: Int64
    package let discarded: Int64
    package let behind: Int64
    /// Whether the index counts as many numbers as missing as the dead letters do.
    package let isReconciled: Bool
}

/// The one way to the dead letters for operators: what is seen, planned, replayed, edited and discarded. Reads throw
/// `StorageError`; acts throw ``DeadLetterRefusal`` too.
package final class DeadLetterDesk: Sendable {
    /// Letters of one page of a list.
    package static let pageLettersMax = 1000
    /// Letters of one plan.
    package static let planLettersMax = 1_000_000

    init() {}

    package func summary(_ filter: LetterFilter) async throws -> LetterSummary { fatalError("later") }

    /// In order of their number, those above `after`.
    package func rows(_ filter: LetterFilter, after: Int64, limit: Int) async throws -> [LetterRow] {
        fatalError("later")
    }

    package func view(_ id: Int64) async throws -> LetterView { fatalError("later") }

    /// Letters as lines of NDJSON, those above `after`, and the number of the last one; `nil` when there are no more.
    package func export(
        _ filter: LetterFilter, after: Int64, limit: Int
    ) async throws -> (lines: [UInt8], last: Int64)? { fatalError("later") }

    /// Takes in what `export` gave, here or elsewhere.
    package func importLines(_ lines: [UInt8], by: String) async throws -> ImportOutcome { fatalError("later") }

    package func edit(_ id: Int64, _ edit: LetterEdit, by: String, reason: String) async throws -> EditOutcome {
        fatalError("later")
    }

    /// Discards what the filter finds, if that is so many. Returns how many.
    package func discard(
        _ filter: LetterFilter, expecting count: Int, by: String, reason: String
    ) async throws -> Int { fatalError("later") }

    /// Parks again what was discarded.
    package func restore(
        _ filter: LetterFilter, expecting count: Int, by: String, reason: String
    ) async throws -> Int { fatalError("later") }

    /// Freezes the parked letters that the filter finds, and foresees what a replay of each would do.
    package func makePlan(_ filter: LetterFilter, selection: String, by: String) async throws -> ReplayPlan {
        fatalError("later")
    }

    /// The newest first.
    package func plans(limit: Int) async throws -> [ReplayPlan] { fatalError("later") }

    /// By number or by name; a name whose hash is another is refused.
    package func plan(_ name: String) async throws -> PlanProgress { fatalError("later") }

    package func letters(of plan: Int64, after position: Int, limit: Int) async throws -> [PlannedLetter] {
        fatalError("later")
    }

    /// Begins to replay. Refused unless the plan is new and its letters are what they were.
    package func replay(_ name: String, _ order: ReplayOrder) async throws -> PlanProgress { fatalError("later") }

    package func pause(_ name: String, by: String) async throws -> PlanProgress { fatalError("later") }

    /// Goes on with a plan that is paused or has stopped.
    package func resume(_ name: String, by: String) async throws -> PlanProgress { fatalError("later") }

    /// Ends a plan for good: what was not attempted stays parked.
    package func cancel(_ name: String, by: String, reason: String) async throws -> PlanProgress {
        fatalError("later")
    }

    /// Parked letters by cause, for metrics.
    package func causes() async throws -> [CauseCount] { fatalError("later") }

    /// Every connected HIE but this one.
    package func accounts() async throws -> [SourceAccount] { fatalError("later") }

    /// Parked letters of this source that name the patient, in memory (promise P4).
    package func held(of patient: NHSNumber, source: HIEIdentifier) -> Int { fatalError("later") }
}
