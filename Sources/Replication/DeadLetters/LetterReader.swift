package import AMQP
package import CareRecord

/// Reads a dead letter as the intake would read its message today.
package struct LetterReader: Sendable {
    private let sources: Set<HIEIdentifier>
    private let vouched: Set<HIEIdentifier>

    /// `sources` are the HIEs that may speak, the own one included; `vouched` are those of them for whom a broker
    /// vouches: what somebody else has sent in their name is refused for ever, whoever replays it.
    package init(sources: Set<HIEIdentifier>, vouched: Set<HIEIdentifier> = []) {
        self.sources = sources
        self.vouched = vouched
    }

    /// What the letter says; throws why it would be refused again.
    package func read(
        _ message: Message, _ subject: LetterSubject, routingKey: String
    ) throws(Rejection) -> ChangeBatch {
        var sent = message
        sent.prepare(subject)
        return try read(prepared: sent, subject, routingKey: routingKey)
    }

    /// The same of a message that is prepared for sending.
    package func read(
        prepared sent: Message, _ subject: LetterSubject, routingKey: String
    ) throws(Rejection) -> ChangeBatch {
        // A page's line came under another key than the message that it becomes.
        let key = subject.form == .change ? sent.appID.flatMap { HIEIdentifier($0) }.map(BrokerNames.changeKey) : nil
        let delivery = Delivery(
            message: sent, tag: DeliveryTag(number: 0), isRedelivered: false, exchange: BrokerNames.changesExchange,
            routingKey: key ?? routingKey)
        let header = try MessageHeader(
            delivery, from: sources,
            vouchedBy: delivery.claimedSource.map(vouched.contains) ?? false ? .broker : .nobody)
        guard header.kind == .changes else {
            throw Rejection(.unknownType, "only change messages can be applied: a \(header.kind.rawValue) cannot")
        }
        let incoming = try IncomingBatch(delivery, header: header, queue: "")
        if let letter = incoming.letters.first { throw letter.rejection }
        guard subject.form == .change else { return incoming.batch }
        guard incoming.batch.changes.count == 1, let change = incoming.batch.changes.first else {
            throw Rejection(.schema, "a letter of one change has one line, not \(incoming.batch.changes.count)")
        }
        // Whatever range it came with: it brings its own number and no other.
        return ChangeBatch(
            source: incoming.batch.source, epoch: incoming.batch.epoch, after: change.seq - 1, through: change.seq,
            head: incoming.batch.head, changes: [change])
    }
}
