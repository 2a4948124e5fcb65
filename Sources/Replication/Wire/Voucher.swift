package import AMQP
package import CareRecord

/// Who vouches that a message comes from the HIE that it names.
package enum Voucher: Sendable, Hashable {
    /// Nobody: every worker logs in as the same user, on a broker for trials.
    case nobody
    /// The broker: every worker logs in as its own HIE, with its certificate, and sets `user_id` on what it publishes.
    /// The broker lets nobody publish the `user_id` of another (RabbitMQ's page "Validated User-ID"), whichever
    /// exchange, binding, header or queue argument leads the message on its way.
    case broker

    /// Throws unless the message was published by the one whom it names.
    package func check(_ message: Message, isFrom hie: HIEIdentifier) throws(Rejection) {
        guard !vouches(for: message, from: hie) else { return }
        throw Rejection(
            .forgedSource,
            message.userID == nil
                ? "property user_id is missing: nothing vouches that \(hie) has sent it"
                : "property user_id names \(Self.name(of: message)), who is not \(hie)")
    }

    /// Whether nothing speaks against the message being from this HIE.
    package func vouches(for message: Message, from hie: HIEIdentifier) -> Bool {
        switch self {
        case .nobody: true
        case .broker: message.userID == hie.text
        }
    }

    /// The HIE that has sent a message, as far as is known.
    package func sender(of delivery: Delivery) -> HIEIdentifier? {
        switch self {
        case .nobody: delivery.claimedSource
        case .broker: delivery.message.userID.flatMap { HIEIdentifier($0) }
        }
    }

    /// Shown where it can be an HIE: a broker's other users are nobody's to read about.
    private static func name(of message: Message) -> String {
        message.userID.flatMap { HIEIdentifier($0)?.text } ?? "another user of the broker"
    }
}
