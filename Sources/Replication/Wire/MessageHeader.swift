package import AMQP
package import CareRecord

/// What every message of a source says in its properties and headers (design §4): AMQP properties, CloudEvents 1.0
/// attributes as `cloudEvents:` headers, and Wherry's own.
package struct MessageHeader: Sendable, Hashable {
    /// The versioned type of a message.
    package enum Kind: String, Sendable, CaseIterable {
        case changes = "wherry.changes.v1"
        case pulse = "wherry.pulse.v1"
        case changesRead = "wherry.changes.read.v1"
        case bucketsRead = "wherry.buckets.read.v1"
        case stateRead = "wherry.state.read.v1"
        case recordRead = "wherry.record.read.v1"
        case changesPage = "wherry.changes.page.v1"
        case bucketsPage = "wherry.buckets.page.v1"
        case state = "wherry.state.v1"
        case recordPage = "wherry.record.page.v1"
        case refusal = "wherry.refusal.v1"
    }

    /// Where a message arrived, which says what its routing key must be.
    package enum Arrival: Sendable, Hashable {
        /// On a subscriber's queue for changes or pulses.
        case subscription
        /// On the queue for questions to this HIE.
        case requests(to: HIEIdentifier)
        /// On the queue for answers to one run of this HIE's worker.
        case replies(to: HIEIdentifier, run: String)

        fileprivate func routingKey(of kind: Kind, from source: HIEIdentifier) -> String? {
            switch (self, kind) {
            case (.subscription, .changes): BrokerNames.changeKey(source)
            case (.subscription, .pulse): BrokerNames.pulseKey(source)
            case (.requests(let hie), .changesRead), (.requests(let hie), .bucketsRead),
                (.requests(let hie), .stateRead), (.requests(let hie), .recordRead):
                BrokerNames.requestKey(hie)
            case (.replies(let hie, let run), .changesPage), (.replies(let hie, let run), .bucketsPage),
                (.replies(let hie, let run), .state), (.replies(let hie, let run), .recordPage),
                (.replies(let hie, let run), .refusal):
                BrokerNames.replyKey(hie, run: run)
            default: nil
            }
        }
    }

    package let kind: Kind
    package let source: HIEIdentifier
    /// Of the journal that the message speaks of; questions need none.
    package let epoch: Epoch?
    package let id: String
    package let sentAt: Timestamp

    package init(_ kind: Kind, source: HIEIdentifier, epoch: Epoch?, id: String, sentAt: Timestamp) {
        self.kind = kind
        self.source = source
        self.epoch = epoch
        self.id = id
        self.sentAt = sentAt
    }

    /// The CloudEvents `source` of an HIE, a URI reference.
    package static func sourceReference(_ hie: HIEIdentifier) -> String { "urn:wherry:hie:\(hie)" }

    package func message(contentType: String, body: [UInt8], headers: [String: Field] = [:]) -> Message {
        var message = Message(body: body)
        message.contentType = contentType
        message.messageID = id
        message.type = kind.rawValue
        message.appID = source.text
        message.timestamp = UInt64(max(0, sentAt.milliseconds / 1000))
        message.headers = headers
        message.headers[HeaderName.specVersion] = .string("1.0")
        message.headers[HeaderName.id] = .string(id)
        message.headers[HeaderName.source] = .string(Self.sourceReference(source))
        message.headers[HeaderName.type] = .string(kind.rawValue)
        message.headers[HeaderName.time] = .string(sentAt.text)
        if let epoch { message.headers[HeaderName.epoch] = .string(epoch.text) }
        return message
    }

    package func requiredEpoch() throws(Rejection) -> Epoch {
        guard let epoch else { throw Rejection(.epochUnknown, "header \(HeaderName.epoch) is missing") }
        return epoch
    }

    /// Reads and cross-checks what a delivery says of itself. `sources` are the HIEs that may speak on this link.
    ///
    /// Who speaks comes first: whatever else is wrong with a message is then known to be that source's.
    package init(
        _ delivery: Delivery, on arrival: Arrival = .subscription, from sources: Set<HIEIdentifier>,
        vouchedBy voucher: Voucher = .nobody
    ) throws(Rejection) {
        let message = delivery.message
        for name in ["CC", "BCC"] where message.headers[name] != nil {
            throw Rejection(.headerRefused, "header \(name) is refused: it goes round the broker's topic permissions")
        }
        guard let name = message.appID, let source = HIEIdentifier(name), sources.contains(source) else {
            throw Rejection(.forgedSource, "property app_id does not name a source of this broker")
        }
        try voucher.check(message, isFrom: source)
        guard let type = message.type else { throw Rejection(.unknownType, "property type is missing") }
        guard let kind = Kind(rawValue: type) else {
            throw Rejection(.unknownType, "property type names a message that this version does not know")
        }
        guard let expected = arrival.routingKey(of: kind, from: source) else {
            throw Rejection(.unknownType, "a \(kind.rawValue) message does not belong on this queue")
        }
        guard delivery.routingKey == expected else {
            throw Rejection(.forgedSource, "the routing key is not that of a message of \(source) here")
        }
        guard message.headers[HeaderName.source]?.text == Self.sourceReference(source) else {
            throw Rejection(.forgedSource, "header \(HeaderName.source) does not name source \(source)")
        }
        let epoch = message.headers[HeaderName.epoch]?.text.map(Epoch.init)
        if case .some(nil) = epoch {
            throw Rejection(.epochUnknown, "header \(HeaderName.epoch) is of the wrong form")
        }
        self.init(
            kind, source: source, epoch: epoch ?? nil, id: message.messageID ?? "",
            sentAt: Timestamp(milliseconds: Int64(clamping: message.timestamp ?? 0).multipliedClamping(by: 1000)))
    }
}

/// The names of message headers.
package enum HeaderName {
    package static let specVersion = "cloudEvents:specversion"
    package static let id = "cloudEvents:id"
    package static let source = "cloudEvents:source"
    package static let type = "cloudEvents:type"
    package static let time = "cloudEvents:time"
    package static let epoch = "wherry-epoch"
    package static let after = "wherry-after"
    package static let through = "wherry-through"
    /// Where the journal ended when a page of it was read.
    package static let head = "wherry-head"
    /// The buckets that a page holds: numbers parted by commas.
    package static let buckets = "wherry-buckets"
    /// Which run of the asker's worker waits for the answer.
    package static let run = "wherry-run"
    /// Which dead letter a message is that is sent again.
    package static let replay = "wherry-replay"
}

extension Field {
    /// The text of a string, whichever of AMQP's two string forms carried it.
    package var text: String? {
        switch self {
        case .string(let text): text
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
        default: nil
        }
    }
}

extension Int64 {
    fileprivate func multipliedClamping(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
