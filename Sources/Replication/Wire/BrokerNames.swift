package import CareRecord

/// The names of everything on a broker (design §4), in one place.
///
/// An HIE's identifier has at most 40 characters and a replica's name 20, so every name stays below AMQP's 255 bytes
/// (AMQP 0-9-1 §4.2.5.3). A subscriber is one worker: an HIE's primary, or one of its replicas.
package enum BrokerNames {
    /// What belongs to the mesh begins so; nothing else on a broker is touched.
    package static let prefix = "wherry."

    package static let changesExchange = "wherry.changes"
    package static let requestsExchange = "wherry.requests"
    package static let repliesExchange = "wherry.replies"
    package static let deadExchange = "wherry.dead"
    /// Takes dead letters that are replayed, to one subscriber each.
    package static let replaysExchange = "wherry.replays"
    package static let unroutedExchange = "wherry.unrouted"
    package static let unroutedQueue = "wherry.unrouted"

    /// A subscriber's stream of changes.
    package static func changesQueue(_ subscriber: Seat) -> String { "wherry.changes.\(subscriber)" }
    /// A subscriber's pulses: apart from its changes, so that a backlog never hides the sources' true heads.
    package static func pulsesQueue(_ subscriber: Seat) -> String { "wherry.pulses.\(subscriber)" }
    /// Questions to an HIE: its primary answers.
    package static func requestsQueue(_ hie: HIEIdentifier) -> String { "wherry.requests.\(hie)" }
    /// What the broker gave up delivering to a subscriber.
    package static func deadQueue(_ subscriber: Seat) -> String { "wherry.dead.\(subscriber)" }
    /// Answers to one run of one worker: exclusive, and gone with its connection.
    package static func repliesQueue(_ hie: HIEIdentifier, run: String) -> String { "wherry.replies.\(hie).\(run)" }

    package static func changeKey(_ source: HIEIdentifier) -> String { "change.\(source)" }
    package static func pulseKey(_ source: HIEIdentifier) -> String { "pulse.\(source)" }
    /// Routes a question to an HIE.
    package static func requestKey(_ hie: HIEIdentifier) -> String { hie.text }
    /// Routes an answer to one run of one worker.
    package static func replyKey(_ hie: HIEIdentifier, run: String) -> String { "\(hie).\(run)" }
    /// Routes a replayed letter to one subscriber's changes.
    package static func replayKey(_ subscriber: Seat) -> String { subscriber.text }
    /// Routes a dead letter to the subscriber it was meant for.
    package static func deadKey(_ subscriber: Seat) -> String { subscriber.text }
}
