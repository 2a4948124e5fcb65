package import AMQP
import CareRecord

/// Keeps a message that ends the process whenever it is read from being delivered for ever, and from taking its
/// neighbours with it: what the broker has delivered in vain before is read alone, each attempt is written down first,
/// and a message that several runs began and did not finish is put aside unread.
package struct PoisonGuard: Sendable {
    /// Deliveries in vain after which a message is read alone.
    package static let deliveriesInVain: Int64 = 2
    /// Runs of the worker, this one included, that began to read a message and did not come to an end with it.
    package static let attemptsMax = 3
    /// The header in which a quorum queue counts the deliveries in vain.
    package static let countHeader = "x-delivery-count"

    package enum Portion: Sendable, Equatable {
        case together([Delivery])
        case alone(Delivery)
    }

    /// The deliveries in their order. A count on a message that is not delivered again came with it from elsewhere.
    package static func portions(_ deliveries: [Delivery]) -> [Portion] {
        var portions: [Portion] = []
        var together: [Delivery] = []
        for delivery in deliveries {
            guard isSuspicious(delivery) else {
                together.append(delivery)
                continue
            }
            if !together.isEmpty { portions.append(.together(together)) }
            together = []
            portions.append(.alone(delivery))
        }
        if !together.isEmpty { portions.append(.together(together)) }
        return portions
    }

    /// Why a message is not read any more; `nil` while it may be. `attempts` counts this one.
    package static func rejection(attempts: Int) -> Rejection? {
        guard attempts >= attemptsMax else { return nil }
        return Rejection(
            .applicationFailed,
            "the worker ended \(attempts - 1) times while it read the message: it was put aside unread"
        )
    }

    private static func isSuspicious(_ delivery: Delivery) -> Bool {
        guard delivery.isRedelivered, let count = delivery.message.headers[countHeader]?.int else { return false }
        return count >= deliveriesInVain
    }
}

extension DeadLetter {
    /// The letter for a delivery that is not looked into.
    package init(unread delivery: Delivery, _ rejection: Rejection, queue: String) {
        self.rejection = rejection
        source = nil
        self.queue = queue
        exchange = delivery.exchange
        routingKey = delivery.routingKey
        message = delivery.message
        subject = LetterSubject(form: .message)
    }
}

extension LetterIdentity {
    /// By which attempts to read a delivery are counted; nothing of it is read.
    package init(unread delivery: Delivery) {
        self.init(of: DeadLetter(unread: delivery, Rejection(.applicationFailed, ""), queue: ""))
    }

    /// By which attempts to read a page of a source's journal are counted, however often it is asked for: the page that
    /// begins there. `nil` for what is no such page.
    package init?(page delivery: Delivery) {
        let message = delivery.message
        guard let type = message.type,
            [MessageHeader.Kind.changesPage, .bucketsPage].map(\.rawValue).contains(type),
            let after = message.headers[HeaderName.after]?.int
        else { return nil }
        var writer = JSONWriter(capacity: 256)
        writer.array { json in
            json.element("page")
            json.element(type)
            json.element(message.appID ?? "")
            json.element(message.headers[HeaderName.epoch]?.text ?? "")
            json.element(message.headers[HeaderName.buckets]?.text ?? "")
            json.element(String(after))
        }
        self.init(bytes: SHA256.digest(writer.bytes))
    }
}
