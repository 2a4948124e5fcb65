package import AMQP
package import CareRecord
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
    /// Why it does not get on at present.
    package let trouble: String?
}

/// What came of an import.
package struct ImportOutcome: Sendable, Hashable {
    package var imported = 0
    /// Letters that are there already.
    package var known = 0
    /// The first lines that could not be read, from 1, and why.
    package var refused: [(line: Int, reason: String)] = []
    package var refusedCount = 0

    /// Lines that are named.
    static let refusedMax = 100

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
