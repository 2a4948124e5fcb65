package import CareRecord
package import Replication

/// A selection of letters that is frozen: by id, and by a hash over what they hold.
package struct ReplayPlan: Sendable, Hashable {
    package enum State: String, Sendable, CaseIterable {
        case planned
        case running
        case paused
        /// It stopped by itself: too many letters failed again.
        case stopped
        case cancelled
        case finished

        /// Nothing of it happens any more.
        package var isOver: Bool { self == .cancelled || self == .finished }
    }

    package let id: Int64
    /// SHA-256 over ids and content hashes in their order, in hexadecimal digits.
    package let hash: String
    package let state: State
    package let createdAt: Timestamp
    package let createdBy: String
    /// The selection in words.
    package let selection: String
    /// Letters.
    package let count: Int
    package let foreseen: VerdictCounts
    package let results: VerdictCounts
    /// Once it was started.
    package let order: ReplayOrder?
    package let startedAt: Timestamp?
    package let endedAt: Timestamp?
    /// Why it is paused, stopped or cancelled.
    package let endReason: String?

    package var notAttempted: Int { count - results.total }

    /// How it is called: number and the beginning of its hash.
    package var name: String { "\(id)-\(hash.prefix(Self.hashDigits))" }

    package static let hashDigits = 8
}

/// How a plan is to be replayed, by whom and why.
package struct ReplayOrder: Sendable, Hashable {
    package enum Target: String, Sendable, CaseIterable {
        /// Through the broker they came from, to this HIE alone.
        case subscriber
        /// Through that broker, to everybody who subscribes to the source.
        case everybody
        /// Straight into this HIE's index.
        case local
    }

    package var target: Target
    package var by: String
    package var reason: String
    /// So many letters go first, and everything waits for what becomes of them.
    package var canary: Int
    /// Letters a second; `nil` for as fast as it goes.
    package var ratePerSecond: Double?
    /// After so many letters that failed again it stops.
    package var stopOnFailures: Int?

    package init(
        target: Target, by: String, reason: String, canary: Int = 0, ratePerSecond: Double? = nil,
        stopOnFailures: Int? = nil
    ) {
        self.target = target
        self.by = by
        self.reason = reason
        self.canary = canary
        self.ratePerSecond = ratePerSecond
        self.stopOnFailures = stopOnFailures
    }
}

/// One letter of a plan.
package struct PlannedLetter: Sendable, Hashable {
    package let letter: Int64
    /// In source order, from 1.
    package let position: Int
    package let cause: Rejection.Cause
    package let source: HIEIdentifier?
    package let seq: Int64?
    package let foreseen: LetterVerdict
    /// `nil`: not attempted.
    package let result: LetterVerdict?
    package let at: Timestamp?
}
