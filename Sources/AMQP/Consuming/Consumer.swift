/// The deliveries of one queue to this session.
package struct Consumer: Sendable {
    let session: Session

    /// The deliveries that have arrived, `max` at most: suspends until there is one.
    package func next(max: Int) async throws(AMQPError) -> [Delivery] { throw AMQPError(.ended, "not implemented") }
    /// Ends the consumer; what was delivered and not acknowledged goes back to the queue.
    package func cancel() async {}
}
