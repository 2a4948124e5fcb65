package import AMQP
package import CareRecord

/// Why a broker put a message aside and where it came from, as the broker wrote it into the message (`x-death`,
/// RabbitMQ's page on dead lettering). A client can write the same, in any shape: it is what an operator is told, and
/// no proof.
package struct DeathNotice: Sendable, Hashable {
    package let rejection: Rejection
    package let queue: String
    package let exchange: String
    package let routingKey: String

    /// Of a message on a queue for dead letters.
    package init(dead delivery: Delivery, on queue: String) {
        let death = Death.newest(of: delivery.message)
        self.init(
            Rejection(death?.cause ?? .rejected, Self.detail(of: death) + Self.remark(on: delivery)), death, delivery,
            on: queue)
    }

    /// Of a message on the queue for what reached no other.
    package init(unrouted delivery: Delivery, on queue: String) {
        let exchange = Self.isName(delivery.exchange) ? delivery.exchange : "that it was sent to"
        var detail = "no queue is bound to exchange \(exchange) under its routing key"
        let death = Death.newest(of: delivery.message)
        if death != nil { detail += "; before that: " + Self.detail(of: death) }
        self.init(Rejection(.unrouted, detail + Self.remark(on: delivery)), death, delivery, on: queue)
    }

    private init(_ rejection: Rejection, _ death: Death?, _ delivery: Delivery, on queue: String) {
        self.rejection = rejection
        self.queue = death?.queue ?? queue
        exchange = death?.exchange ?? delivery.exchange
        routingKey = death?.routingKey ?? delivery.routingKey
    }

    /// The letter for the message. Its source is named where property, header and routing key agree on one that may
    /// speak and that is vouched for: what a broker dead-letters keeps the `user_id` that it was published with.
    package func letter(
        for delivery: Delivery, from sources: Set<HIEIdentifier>, vouchedBy voucher: Voucher = .nobody
    ) -> DeadLetter {
        DeadLetter(
            rejection, source: source(of: delivery.message, from: sources, voucher), queue: queue, exchange: exchange,
            routingKey: routingKey, message: delivery.message)
    }

    private func source(
        of message: Message, from sources: Set<HIEIdentifier>, _ voucher: Voucher
    ) -> HIEIdentifier? {
        guard message.headers["CC"] == nil, message.headers["BCC"] == nil,
            let source = message.appID.flatMap({ HIEIdentifier($0) }), sources.contains(source),
            [BrokerNames.changeKey(source), BrokerNames.pulseKey(source)].contains(routingKey),
            message.headers[HeaderName.source]?.text == MessageHeader.sourceReference(source),
            voucher.vouches(for: message, from: source)
        else { return nil }
        return source
    }

    private static func detail(of death: Death?) -> String {
        guard let death else { return "nothing says where it died: it was sent to the dead letters as it is" }
        var words = death.cause.map { "the broker says \($0.rawValue)" } ?? "the broker's reason is not known here"
        if let queue = death.queue { words += ", in queue \(queue)" }
        if let count = death.count { words += count == 1 ? ", once" : ", \(count) times" }
        if let at = death.at { words += ", last at \(at)" }
        return words
    }

    private static func remark(on delivery: Delivery) -> String {
        delivery.isTruncated ? "; only its first \(delivery.message.body.count) bytes are here" : ""
    }

    fileprivate static let nameMaxBytes = 255

    /// Whether it can be the name of a queue or an exchange (AMQP 0-9-1 section 4.2.5.3) and can be shown.
    fileprivate static func isName(_ text: String) -> Bool {
        (1...nameMaxBytes).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}

/// One entry of `x-death`; whatever is not as it should be counts as not there.
private struct Death {
    /// The last second of the year 9999.
    private static let secondsMax: UInt64 = 253_402_300_799

    let cause: Rejection.Cause?
    let queue: String?
    let exchange: String?
    let routingKey: String?
    let count: Int64?
    let at: Timestamp?

    /// The newest comes first. Of a message without entries that can be read, what was written down of its first death.
    static func newest(of message: Message) -> Death? {
        if case .array(let entries) = message.headers["x-death"] {
            for case .table(let entry) in entries { return Death(entry, message) }
        }
        let first = Death(
            cause: cause(message.headers["x-first-death-reason"]), queue: name(message.headers["x-first-death-queue"]),
            exchange: exchange(message.headers["x-first-death-exchange"]), routingKey: nil, count: nil, at: nil)
        return first.cause == nil && first.queue == nil ? nil : first
    }

    private init(
        cause: Rejection.Cause?, queue: String?, exchange: String?, routingKey: String?, count: Int64?, at: Timestamp?
    ) {
        self.cause = cause
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
        self.count = count
        self.at = at
    }

    private init(_ entry: [String: Field], _ message: Message) {
        cause = Self.cause(entry["reason"]) ?? Self.cause(message.headers["x-first-death-reason"])
        queue = Self.name(entry["queue"])
        exchange = Self.exchange(entry["exchange"])
        if case .array(let keys) = entry["routing-keys"], let key = keys.first?.text,
            key.utf8.count <= DeathNotice.nameMaxBytes
        {
            routingKey = key
        } else {
            routingKey = nil
        }
        count = entry["count"]?.int.flatMap { $0 > 0 ? $0 : nil }
        if case .timestamp(let seconds) = entry["time"], seconds <= Self.secondsMax {
            at = Timestamp(milliseconds: Int64(seconds) * 1000)
        } else {
            at = nil
        }
    }

    private static func cause(_ field: Field?) -> Rejection.Cause? {
        switch field?.text {
        case "delivery_limit": .deliveryLimit
        case "expired": .expired
        case "maxlen": .lengthLimit
        case "rejected": .rejected
        default: nil
        }
    }

    private static func name(_ field: Field?) -> String? {
        guard let text = field?.text, DeathNotice.isName(text) else { return nil }
        return text
    }

    /// The default exchange has no name.
    private static func exchange(_ field: Field?) -> String? { field?.text == "" ? "" : name(field) }
}
