/// Consuming: each consumer has a channel of its own, so that its limit, its tags and its mishaps are its own.
extension Session {
    /// Begins to take deliveries from a queue, at most `prefetchMax` unacknowledged (1 or more: the broker's
    /// "unlimited" is refused). An exclusive consumer is the queue's only one, or throws `.accessRefused`.
    package func consume(
        _ queue: String, prefetchMax: UInt16, isExclusive: Bool = false
    ) async throws(AMQPError) -> Consumer {
        try WireSize.checkName(queue, "name")
        guard prefetchMax > 0 else { throw AMQPError(.invalidArgument, "a prefetch of 0 would be without limit") }
        let state = ConsumerState(id: makeID(), queue: queue)
        let channel = try await openChannel(.consuming(state))
        state.channel = channel
        consumers[state.id] = state
        do {
            _ = try await call(.limitPrefetch(prefetchMax), on: channel)
            _ = try await call(.consume(queue: queue, tag: state.tag, isExclusive: isExclusive), on: channel)
        } catch {
            consumers[state.id] = nil
            throw error
        }
        return Consumer(session: self, id: state.id)
    }

    /// Tells the broker that a delivery, and with `isMultiple` every earlier one of the consumer, is done with. A tag
    /// of another session, or of a consumer that has ended, does nothing: the broker delivers those again.
    package func acknowledge(_ tag: DeliveryTag, isMultiple: Bool = false) async throws(AMQPError) {
        guard tag.session == id else { return }
        let connection = try live()
        guard let channel = consumers[tag.consumer]?.channel, !channel.isClosed else { return }
        do {
            try connection.acknowledge(tag.number, isMultiple: isMultiple, on: channel.number)
        } catch {
            end(error)
            throw error
        }
    }

    /// Hands a delivery back: to the queue, or without `requeues` to its dead-letter exchange or nowhere. Tags as with
    /// `acknowledge`.
    package func reject(
        _ tag: DeliveryTag, isMultiple: Bool = false, requeues: Bool
    ) async throws(AMQPError) {
        guard tag.session == id else { return }
        let connection = try live()
        guard let channel = consumers[tag.consumer]?.channel, !channel.isClosed else { return }
        do {
            try connection.reject(tag.number, isMultiple: isMultiple, requeues: requeues, on: channel.number)
        } catch {
            end(error)
            throw error
        }
    }

    func nextDeliveries(_ consumerID: UInt64, max: Int) async throws(AMQPError) -> [Delivery] {
        guard max > 0 else { throw AMQPError(.invalidArgument, "at least one delivery must be asked for") }
        _ = try live()
        guard let consumer = consumers[consumerID] else { throw AMQPError(.closed, "the consumer has ended") }
        return try await wait { wait in
            consumer.keep(wait, max: max)
            consumer.tell()
        }.get()
    }

    func cancelConsumer(_ consumerID: UInt64) async {
        guard let consumer = consumers.removeValue(forKey: consumerID) else { return }
        consumer.end(AMQPError(.closed, "the consumer was cancelled"))
        guard let channel = consumer.channel, !channel.isClosed else { return }
        // Closing the channel returns what is unacknowledged; when that fails the session ends, and it returns too. The
        // cancel goes before, since the queue hears of a closed channel earlier than of acknowledgements just sent.
        _ = try? await call(.cancelConsumer(tag: consumer.tag), on: channel)
        _ = try? await call(.closeChannel, on: channel)
    }
}
