import AMQP
import CareRecord
import Replication

/// Where changes came from, for the letter of one that cannot be applied.
struct ChangeOrigin: Sendable, Hashable {
    /// `nil` for the own journal.
    let broker: String?
    let queue: String

    init(broker: String? = nil, queue: String) {
        self.broker = broker
        self.queue = queue
    }

    /// The letter for a change that was read and cannot be applied: its line, as a message of its own would bring it.
    func letter(for change: Change, of batch: ChangeBatch, _ rejection: Rejection, sentAt: Timestamp) -> DeadLetter {
        var body: [UInt8] = []
        ChangeLine.content(change.key, change.effect).withUnsafeBytes { content in
            ChangeLine.append(seq: change.seq, content: content, to: &body)
        }
        if body.last == UInt8(ascii: "\n") { body.removeLast() }
        let page = JournalPage(
            epoch: batch.epoch, after: batch.after, through: batch.through, head: batch.head, changeCount: 1,
            body: body)
        var outgoing = ChangeBatch.message(source: batch.source, page, sentAt: sentAt)
        // Who has sent it was known when it was read.
        outgoing.message.userID = batch.source.text
        return DeadLetter(
            rejection, source: batch.source, queue: queue, exchange: outgoing.exchange,
            routingKey: outgoing.routingKey, message: outgoing.message, form: .change)
    }
}
