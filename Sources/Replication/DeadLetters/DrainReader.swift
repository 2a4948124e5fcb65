package import AMQP
package import CareRecord

/// What a worker does with what the broker put aside: a message on its queue for dead letters, or one that reached no
/// queue.
package struct DrainReader: Sendable {
    package enum Place: Sendable {
        case dead
        case unrouted
    }

    package enum Outcome: Sendable, Equatable {
        case park(DeadLetter)
        /// A dead letter that was sent again and did not arrive: it is kept already, by whoever sent it.
        case replayReturned(ReplayMark, Rejection)
        /// A replayed message that is none of this worker's dead letters.
        case replayUnknown
        /// It was good for its time only, or for nobody.
        case transient(MessageHeader.Kind)
    }

    private let seat: Seat
    private let place: Place
    private let queue: String
    /// The HIEs that may speak on this link.
    private let sources: Set<HIEIdentifier>
    /// The connected HIEs of the mesh.
    private let subscribers: [HIEIdentifier]
    private let voucher: Voucher

    package init(
        _ place: Place, seat: Seat, queue: String, sources: Set<HIEIdentifier>, subscribers: [HIEIdentifier],
        voucher: Voucher = .nobody
    ) {
        self.place = place
        self.seat = seat
        self.queue = queue
        self.sources = sources
        self.subscribers = subscribers
        self.voucher = voucher
    }

    package func read(_ delivery: Delivery) -> Outcome {
        let notice =
            switch place {
            case .dead: DeathNotice(dead: delivery, on: queue)
            case .unrouted: DeathNotice(unrouted: delivery, on: queue)
            }
        let isReplay = notice.exchange == BrokerNames.replaysExchange
        if let mark = ReplayMark(delivery.message), mark.seat == seat || (isReplay && place == .unrouted),
            voucher.vouches(for: delivery.message, from: mark.seat.hie)
        {
            return .replayReturned(mark, notice.rejection)
        }
        if isReplay { return .replayUnknown }
        let letter = notice.letter(for: delivery, from: sources, vouchedBy: voucher)
        if place == .unrouted, let kind = delivery.message.type.flatMap(MessageHeader.Kind.init),
            kind != .changes || isForNobody(letter)
        {
            return .transient(kind)
        }
        return .park(letter)
    }

    /// Changes of the only HIE of the mesh that is connected: whoever joins reads them from its journal.
    private func isForNobody(_ letter: DeadLetter) -> Bool {
        guard let source = letter.source else { return false }
        return !subscribers.contains { $0 != source }
    }
}
