/// A message and where it goes.
package struct Outgoing: Sendable, Equatable {
    package var message: Message
    /// At most 255 bytes; "" is the default exchange, which routes by queue name.
    package var exchange: String
    /// At most 255 bytes.
    package var routingKey: String
    /// A mandatory message that reaches no queue is settled as `returned` instead of `confirmed`.
    package var isMandatory: Bool

    package init(message: Message, exchange: String, routingKey: String, isMandatory: Bool = false) {
        self.message = message
        self.exchange = exchange
        self.routingKey = routingKey
        self.isMandatory = isMandatory
    }
}
