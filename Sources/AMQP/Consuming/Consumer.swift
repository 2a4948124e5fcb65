/// The deliveries of one queue to one session.
package struct Consumer: Sendable {
    let session: Session
    let id: UInt64

    /// The deliveries that have arrived, `max` at most: suspends until there is one. Throws `.cancelledByBroker` when
    /// the queue is gone, `.channelClosed` and the like when the broker closed the channel, and the session's end.
    package func next(max: Int) async throws(AMQPError) -> [Delivery] {
        try await session.nextDeliveries(id, max: max)
    }

    /// Ends the consumer: what was delivered and not acknowledged goes back to the queue. Acknowledge before.
    package func cancel() async {
        await session.cancelConsumer(id)
    }
}
