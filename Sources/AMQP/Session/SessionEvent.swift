/// What the broker says about the connection as a whole.
package enum SessionEvent: Sendable, Equatable {
    /// The broker takes no messages (memory or disk alarm); publishing suspends.
    case blocked(reason: String)
    case unblocked
}
