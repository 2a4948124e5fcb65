/// A message handed to a consumer, to be acknowledged or rejected by its tag.
package struct Delivery: Sendable, Equatable {
    package let message: Message
    package let tag: DeliveryTag
    /// It was delivered before, perhaps to somebody else.
    package let isRedelivered: Bool
    package let exchange: String
    package let routingKey: String
    /// The body was longer than `SessionSettings.bodySizeMaxBytes` and only its beginning is here.
    package let isTruncated: Bool

    package init(
        message: Message, tag: DeliveryTag, isRedelivered: Bool, exchange: String, routingKey: String,
        isTruncated: Bool = false
    ) {
        self.message = message
        self.tag = tag
        self.isRedelivered = isRedelivered
        self.exchange = exchange
        self.routingKey = routingKey
        self.isTruncated = isTruncated
    }
}

/// Which delivery: good for its own consumer in its own session, without effect anywhere else.
package struct DeliveryTag: Sendable, Hashable {
    /// Counts the sessions of this process.
    let session: UInt64
    /// Counts the consumers of the session.
    let consumer: UInt64
    /// The broker's number on the consumer's channel.
    package let number: UInt64

    /// For deliveries that come from elsewhere than a session, such as a simulated bus.
    package init(session: UInt64 = 0, consumer: UInt64 = 0, number: UInt64) {
        self.session = session
        self.consumer = consumer
        self.number = number
    }
}
