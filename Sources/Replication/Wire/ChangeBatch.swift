package import AMQP
package import CareRecord

/// A range of one source's journal on its way: everything above `after` up to `through`, of which the journal still
/// held `body`, one change a line. Numbers inside the range may be missing; the range is what counts (design §3).
package struct ChangeBatch: Sendable, Hashable {
    package static let contentType = "application/x-ndjson"
    /// Changes read from one message; what is above is left out of the range, and parked as one rejection.
    package static let changesMax = 100_000

    package let source: HIEIdentifier
    package let epoch: Epoch
    package let after: Int64
    package let through: Int64
    package let changes: [Change]

    package init(source: HIEIdentifier, epoch: Epoch, after: Int64, through: Int64, changes: [Change]) {
        self.source = source
        self.epoch = epoch
        self.after = after
        self.through = through
        self.changes = changes
    }

    /// The message for a range of the journal. Its id says the range, so that the same range has the same id always.
    package static func message(
        source: HIEIdentifier, epoch: Epoch, after: Int64, through: Int64, body: [UInt8], sentAt: Timestamp
    ) -> Outgoing {
        let header = MessageHeader(
            .changes, source: source, epoch: epoch, id: "\(source)/\(epoch)/\(after)-\(through)", sentAt: sentAt)
        var message = header.message(
            contentType: contentType, body: body,
            headers: [HeaderName.after: .int(after), HeaderName.through: .int(through)])
        message.isPersistent = true
        return Outgoing(
            message: message, exchange: BrokerNames.changesExchange, routingKey: BrokerNames.changeKey(source),
            isMandatory: true)
    }
}

/// A change message as it was read: the batch, and the lines that could not be.
package struct IncomingBatch: Sendable, Hashable {
    /// A line of the body that was refused; the other lines of its message stand.
    package struct RefusedLine: Sendable, Hashable {
        package let line: [UInt8]
        package let rejection: Rejection
    }

    package let batch: ChangeBatch
    package let refused: [RefusedLine]

    package init(_ delivery: Delivery, header: MessageHeader) throws(Rejection) {
        let message = delivery.message
        guard !delivery.isTruncated else { throw Rejection(.schema, "the body is longer than a message may be") }
        guard message.contentType == ChangeBatch.contentType else {
            throw Rejection(.undecodable, "property content_type must be \(ChangeBatch.contentType)")
        }
        guard let after = message.headers[HeaderName.after]?.int,
            let through = message.headers[HeaderName.through]?.int, after >= 0, through > after
        else {
            throw Rejection(
                .schema, "headers \(HeaderName.after) and \(HeaderName.through) must be integers, the second larger")
        }
        var changes: [Change] = []
        var refused: [RefusedLine] = []
        for line in message.body.split(separator: UInt8(ascii: "\n")) {
            guard changes.count + refused.count < ChangeBatch.changesMax else {
                throw Rejection(.schema, "more than \(ChangeBatch.changesMax) changes in a message")
            }
            do throws(Rejection) {
                let change = try ChangeLine.read(line)
                guard change.seq > after, change.seq <= through else {
                    throw Rejection(.schema, "change \(change.seq) is outside the range that the headers name")
                }
                changes.append(change)
            } catch {
                refused.append(RefusedLine(line: Array(line), rejection: error))
            }
        }
        batch = ChangeBatch(
            source: header.source, epoch: header.epoch, after: after, through: through, changes: changes)
        self.refused = refused
    }
}
