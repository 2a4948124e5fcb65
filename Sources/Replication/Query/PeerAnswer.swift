package import CareRecord

/// What became of one HIE in a query (design §7, promise P3).
package struct PeerAnswer: Sendable, Hashable {
    package enum State: String, Sendable, CaseIterable {
        /// Everything that it holds of what was asked.
        case answered
        /// Some of it.
        case partial
        /// Nothing before the deadline.
        case timedOut
        /// It does not answer this, or what it answers cannot be used.
        case refused
        /// It was not asked.
        case skipped
        /// The index says that it holds nothing of what was asked; it was not asked.
        case nothingHeld

        /// Whether everything that the HIE holds is there, as far as is known.
        package var isWhole: Bool { self == .answered || self == .nothingHeld }
    }

    /// What is to blame for an answer that is not whole.
    package enum Cause: String, Sendable, CaseIterable {
        case broker, peer, refusal
        /// Not connected yet.
        case planned
        /// A bound of this worker, or of what was asked.
        case limit
    }

    package let hie: HIEIdentifier
    package let state: State
    /// From the asking to the end of the answer; 0 for one that was not asked.
    package let milliseconds: Int64
    /// Resources that came.
    package let count: Int
    /// Everything that the HIE held before this moment is there; `nil` where that is not known.
    package let asOf: Timestamp?
    /// In words, where there is something to say.
    package let reason: String?
    package let cause: Cause?

    package init(
        hie: HIEIdentifier, state: State, milliseconds: Int64 = 0, count: Int = 0, asOf: Timestamp?,
        reason: String? = nil, cause: Cause? = nil
    ) {
        self.hie = hie
        self.state = state
        self.milliseconds = milliseconds
        self.count = count
        self.asOf = asOf
        self.reason = reason
        self.cause = cause
    }
}
