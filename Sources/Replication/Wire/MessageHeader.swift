package import AMQP
package import CareRecord

/// What every message of a source says in its properties and headers (design §4): AMQP properties, CloudEvents 1.0
/// attributes as `cloudEvents:` headers, and Wherry's own.
package struct MessageHeader: Sendable, Hashable {
    /// The versioned type of a message.
    package enum Kind: String, Sendable, CaseIterable {
        case changes = "wherry.changes.v1"
        case pulse = "wherry.pulse.v1"

        package func routingKey(of source: HIEIdentifier) -> String {
            switch self {
            case .changes: BrokerNames.changeKey(source)
            case .pulse: BrokerNames.pulseKey(source)
            }
        }
    }

    package let kind: Kind
    package let source: HIEIdentifier
    package let epoch: Epoch
    package let id: String
    package let sentAt: Timestamp

    package init(_ kind: Kind, source: HIEIdentifier, epoch: Epoch, id: String, sentAt: Timestamp) {
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
        message.headers[HeaderName.epoch] = .string(epoch.text)
        return message
    }

    /// Reads and cross-checks what a delivery says of itself. `sources` are the HIEs that may speak on this link.
    package init(_ delivery: Delivery, from sources: Set<HIEIdentifier>) throws(Rejection) {
        let message = delivery.message
        for name in ["CC", "BCC"] where message.headers[name] != nil {
            throw Rejection(.headerRefused, "header \(name) is refused: it goes round the broker's topic permissions")
        }
        guard let type = message.type else { throw Rejection(.unknownType, "property type is missing") }
        guard let kind = Kind(rawValue: type) else {
            throw Rejection(.unknownType, "property type names a message that this version does not know")
        }
        guard let name = message.appID, let source = HIEIdentifier(name), sources.contains(source) else {
            throw Rejection(.forgedSource, "property app_id does not name a source of this broker")
        }
        guard delivery.routingKey == kind.routingKey(of: source) else {
            throw Rejection(.forgedSource, "the routing key is not that of source \(source)")
        }
        guard message.headers[HeaderName.source]?.text == Self.sourceReference(source) else {
            throw Rejection(.forgedSource, "header \(HeaderName.source) does not name source \(source)")
        }
        guard let epoch = message.headers[HeaderName.epoch]?.text.flatMap(Epoch.init) else {
            throw Rejection(.epochUnknown, "header \(HeaderName.epoch) is missing or of the wrong form")
        }
        self.init(
            kind, source: source, epoch: epoch, id: message.messageID ?? "",
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
