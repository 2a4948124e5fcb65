package import AMQP
package import CareRecord

/// A source's periodic "my head is N, my digest is D" (design §1).
package struct Pulse: Sendable, Hashable {
    package static let contentType = "application/json"
    package static let lengthMaxBytes = 4096

    package let source: HIEIdentifier
    package let epoch: Epoch
    package let head: Int64
    /// `BucketDigest.total` at `head`.
    package let digest: UInt64
    /// The next one follows after so long; 1 ms to an hour.
    package let intervalMilliseconds: Int64

    package init(source: HIEIdentifier, epoch: Epoch, head: Int64, digest: UInt64, intervalMilliseconds: Int64) {
        self.source = source
        self.epoch = epoch
        self.head = head
        self.digest = digest
        self.intervalMilliseconds = min(max(1, intervalMilliseconds), Self.intervalMaxMilliseconds)
    }

    private static let intervalMaxMilliseconds: Int64 = 3_600_000
    /// Of a source that does not say.
    private static let intervalUsualMilliseconds: Int64 = 2000

    /// The message, which the broker forgets after `lifetimeMilliseconds`.
    package func message(sentAt: Timestamp, lifetimeMilliseconds: Int64) -> Outgoing {
        let header = MessageHeader(
            .pulse, source: source, epoch: epoch, id: "\(source)/\(epoch)/pulse/\(sentAt.milliseconds)", sentAt: sentAt)
        var writer = JSONWriter(capacity: 64)
        writer.object {
            $0.member("head", head)
            $0.member("digest", BucketDigest.text(of: digest))
            $0.member("intervalMilliseconds", intervalMilliseconds)
        }
        var message = header.message(contentType: Self.contentType, body: writer.bytes)
        message.isPersistent = false
        message.expiration = String(lifetimeMilliseconds)
        return Outgoing(
            message: message, exchange: BrokerNames.changesExchange, routingKey: BrokerNames.pulseKey(source))
    }

    package init(_ delivery: Delivery, header: MessageHeader) throws(Rejection) {
        guard delivery.message.body.count <= Self.lengthMaxBytes, !delivery.isTruncated else {
            throw Rejection(.schema, "a pulse has at most \(Self.lengthMaxBytes) bytes")
        }
        let json: JSON
        do {
            json = try JSON.parse(delivery.message.body)
        } catch {
            throw Rejection(.undecodable, "a pulse that is not JSON: \(error)")
        }
        guard let head = json["head"]?.integer, head >= 0, let text = json["digest"]?.text, text.utf8.count == 16,
            text.allSatisfy(\.isHexDigit), let digest = UInt64(text, radix: 16)
        else {
            throw Rejection(.schema, "a pulse must have an integer head and a digest of 16 hexadecimal digits")
        }
        self.init(
            source: header.source, epoch: try header.requiredEpoch(), head: head, digest: digest,
            intervalMilliseconds: json["intervalMilliseconds"]?.integer ?? Self.intervalUsualMilliseconds)
    }
}
