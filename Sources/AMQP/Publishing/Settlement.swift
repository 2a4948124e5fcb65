/// What the broker made of one published message.
package struct Settlement: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        /// The broker has it, on disk where queue and message ask for that.
        case confirmed
        /// The broker refused it (`basic.nack`): a full queue, or a failure inside.
        case refused
        /// Mandatory, and no queue took it.
        case returned(replyCode: UInt16, reason: String)
    }

    /// The publish number: 1 for a session's first message.
    package let number: UInt64
    package let outcome: Outcome

    package init(number: UInt64, outcome: Outcome) {
        self.number = number
        self.outcome = outcome
    }
}
