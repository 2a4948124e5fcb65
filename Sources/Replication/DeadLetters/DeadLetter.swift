package import AMQP
package import CareRecord

/// What could not be applied, whole, with its cause.
package struct DeadLetter: Sendable, Equatable {
    package let rejection: Rejection
    /// The source that it names, where that much could be read and believed.
    package let source: HIEIdentifier?
    /// The queue from which it was taken.
    package let queue: String
    package let exchange: String
    package let routingKey: String
    /// The message as it came, or the one line of it that was refused.
    package let message: Message
    package let subject: LetterSubject

    package init(
        _ rejection: Rejection, source: HIEIdentifier?, queue: String, exchange: String, routingKey: String,
        message: Message, form: LetterSubject.Form = .message
    ) {
        self.rejection = rejection
        self.source = source
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
        self.message = message
        subject = LetterSubject(form, of: message)
    }

    /// The letter for a delivery; `body` is the part of it that is at fault, where it is not the whole.
    package init(
        _ delivery: Delivery, _ rejection: Rejection, source: HIEIdentifier?, queue: String, body: [UInt8]? = nil
    ) {
        var message = delivery.message
        if let body { message.body = body }
        self.init(
            rejection, source: source, queue: queue, exchange: delivery.exchange, routingKey: delivery.routingKey,
            message: message, form: body == nil ? .message : .change)
    }
}
