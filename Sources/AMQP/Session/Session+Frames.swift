import Logging

/// What each frame of the broker means for the session.
extension Session {
    func handle(_ frame: Frame, on connection: Connection) throws(AMQPError) {
        switch frame {
        case .content(let number, let announcement):
            try channels[number]?.assembler.begin(announcement)
        case .header(let number, let bodySize, let message):
            guard let channel = channels[number] else { return }
            if let content = try channel.assembler.header(bodySize: bodySize, message: message) {
                take(content, on: channel)
            }
        case .body(let number, let fragment):
            guard let channel = channels[number] else { return }
            if let content = try channel.assembler.body(fragment) { take(content, on: channel) }
        case .settled(_, let number, let isMultiple, let isRefused):
            settle(number, isMultiple: isMultiple, isRefused: isRefused)
        case .consumerCancelled(let number):
            guard let channel = channels[number], case .consuming(let consumer) = channel.use else { return }
            consumer.reason = AMQPError(
                .cancelledByBroker, "the broker ended the consumer of \(consumer.queue): the queue was deleted or moved"
            )
            stirred.append(consumer)
        case .reply(let number, let reply):
            answer(reply, on: number)
        case .channelClosed(let number, let replyCode, let text):
            try connection.acceptChannelClose(number)
            closeChannel(number, replyCode: replyCode, text: text)
        case .flow(let number, let isActive):
            try connection.acceptFlow(isActive: isActive, on: number)
        case .connectionClosed(let replyCode, let text):
            // The answer is a courtesy: the connection is over either way.
            try? connection.acceptConnectionClose()
            end(
                AMQPError(
                    replyCode: replyCode, text: text, doing: "the broker closed the connection", isWholeConnection: true
                ))
        case .connectionCloseAccepted:
            end(AMQPError(.closed, "the session was closed"))
        case .blocked(let reason):
            blockedReason = reason
            logger.warning("broker takes no messages", metadata: ["reason": "\(reason)"])
            eventsInput.yield(.blocked(reason: reason))
        case .unblocked:
            blockedReason = nil
            logger.notice("broker takes messages again")
            eventsInput.yield(.unblocked)
        case .unexpected(let method):
            throw AMQPError(.protocolViolated, "the broker sent the method \(method >> 16).\(method & 0xffff)")
        }
    }

    private func take(_ content: ContentAssembler.Content, on channel: Channel) {
        switch (content.announcement, channel.use) {
        case (.delivery(let number, let isRedelivered, let exchange, let routingKey), .consuming(let consumer)):
            consumer.buffer.append(
                Delivery(
                    message: content.message, tag: DeliveryTag(session: id, consumer: consumer.id, number: number),
                    isRedelivered: isRedelivered, exchange: exchange, routingKey: routingKey,
                    isTruncated: content.isTruncated))
            if consumer.buffer.count == 1 { stirred.append(consumer) }
        case (.returned(let replyCode, let reason, let exchange, let routingKey), .publishing):
            let likeness = SettlementTracker.Likeness(
                exchange: exchange, routingKey: routingKey, messageID: content.message.messageID,
                correlationID: content.message.correlationID, bodySize: content.bodySize)
            tracker.markReturned(likeness, replyCode: replyCode, reason: reason)
        case (.delivery, .publishing), (.delivery, .declaring), (.returned, .consuming), (.returned, .declaring):
            break
        }
    }

    private func answer(_ reply: Reply, on number: UInt16) {
        guard let channel = channels[number], let call = channel.call else { return }
        if case .closeChannel = call.request { channels[number] = nil }
        channel.answer(reply)
    }

    private func closeChannel(_ number: UInt16, replyCode: UInt16, text: String) {
        guard let channel = channels.removeValue(forKey: number) else { return }
        let doing = channel.call?.request.purpose
        switch channel.use {
        case .declaring:
            channel.end(
                AMQPError(replyCode: replyCode, text: text, doing: doing ?? "idle channel", isWholeConnection: false))
        case .consuming(let consumer):
            let error = AMQPError(
                replyCode: replyCode, text: text, doing: doing ?? "consuming from queue \(consumer.queue)",
                isWholeConnection: false)
            channel.end(error)
            consumer.reason = error
            stirred.append(consumer)
        case .publishing:
            // What was in flight is unknown now, and the numbering over.
            end(AMQPError(replyCode: replyCode, text: text, doing: doing ?? "publishing", isWholeConnection: false))
        }
    }
}
