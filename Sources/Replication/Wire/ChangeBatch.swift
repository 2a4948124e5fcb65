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
    /// Where the journal ended when the range was read: not below `through`, unless the range is empty.
    package let head: Int64
    package let changes: [Change]
    /// The lines of the range that were parked.
    package let gaps: [Gap]

    /// `head` is `through` where it is not known.
    package init(
        source: HIEIdentifier, epoch: Epoch, after: Int64, through: Int64, head: Int64? = nil, changes: [Change],
        gaps: [Gap] = []
    ) {
        self.source = source
        self.epoch = epoch
        self.after = after
        self.through = through
        self.head = through > after ? max(through, head ?? through) : head ?? through
        self.changes = changes
        self.gaps = gaps
    }

    /// The message for a range of the journal. Its id says the range, so that the same range has the same id always.
    package static func message(
        source: HIEIdentifier, _ page: JournalPage, sentAt: Timestamp
    ) -> Outgoing {
        let header = MessageHeader(
            .changes, source: source, epoch: page.epoch,
            id: "\(source)/\(page.epoch)/\(page.after)-\(page.through)", sentAt: sentAt)
        var message = header.message(
            contentType: contentType, body: page.body,
            headers: [
                HeaderName.after: .int(page.after), HeaderName.through: .int(page.through),
                HeaderName.head: .int(page.head),
            ])
        message.isPersistent = true
        return Outgoing(
            message: message, exchange: BrokerNames.changesExchange, routingKey: BrokerNames.changeKey(source),
            isMandatory: true)
    }
}

/// A change message, or a page of a journal, as it was read: the batch, and a letter for each line that could not be.
package struct IncomingBatch: Sendable, Equatable {
    package let batch: ChangeBatch
    /// The lines that were refused; the other lines of the message stand.
    package let letters: [DeadLetter]

    package init(batch: ChangeBatch, letters: [DeadLetter] = []) {
        self.batch = batch
        self.letters = letters
    }

    /// `queue` is where the delivery was taken from.
    package init(_ delivery: Delivery, header: MessageHeader, queue: String) throws(Rejection) {
        let range = try ChangeRange(delivery, header: header)
        let lines = try ChangeLines(delivery, source: header.source, queue: queue) { seq throws(Rejection) in
            guard seq > range.after, seq <= range.through else {
                throw Rejection(.schema, "change \(seq) is outside the range that the headers name")
            }
        }
        batch = ChangeBatch(
            source: header.source, epoch: try header.requiredEpoch(), after: range.after, through: range.through,
            head: range.head, changes: lines.changes, gaps: lines.letters.compactMap(Gap.init(of:)))
        letters = lines.letters
    }
}

/// The range that a message's headers name.
struct ChangeRange {
    let after: Int64
    let through: Int64
    let head: Int64

    init(_ delivery: Delivery, header: MessageHeader) throws(Rejection) {
        let headers = delivery.message.headers
        // A page may say that there is nothing; a message of nothing would not have been sent.
        let shortest: Int64 = header.kind == .changes ? 1 : 0
        guard let after = headers[HeaderName.after]?.int, let through = headers[HeaderName.through]?.int, after >= 0,
            through >= after, through - after >= shortest
        else {
            throw Rejection(
                .schema, "headers \(HeaderName.after) and \(HeaderName.through) must be integers, the second larger")
        }
        self.after = after
        self.through = through
        head = headers[HeaderName.head]?.int ?? through
    }
}

/// The body of a message with a change a line.
struct ChangeLines {
    private(set) var changes: [Change] = []
    private(set) var letters: [DeadLetter] = []

    init(
        _ delivery: Delivery, source: HIEIdentifier, queue: String, check: (Int64) throws(Rejection) -> Void
    ) throws(Rejection) {
        let message = delivery.message
        guard !delivery.isTruncated else { throw Rejection(.schema, "the body is longer than a message may be") }
        guard message.contentType == ChangeBatch.contentType else {
            throw Rejection(.undecodable, "property content_type must be \(ChangeBatch.contentType)")
        }
        for line in message.body.split(separator: UInt8(ascii: "\n")) {
            guard changes.count + letters.count < ChangeBatch.changesMax else {
                throw Rejection(.schema, "more than \(ChangeBatch.changesMax) changes in a message")
            }
            do throws(Rejection) {
                let change = try ChangeLine.read(line)
                try check(change.seq)
                changes.append(change)
            } catch {
                letters.append(DeadLetter(delivery, error, source: source, queue: queue, body: Array(line)))
            }
        }
    }
}
