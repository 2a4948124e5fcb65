/// Publishing: pipelined, in order, with at most `publishWindowMax` messages unsettled.
extension Session {
    /// What is left to do after writing.
    enum Progress {
        case done
        /// For room in the window, or for the end of a block.
        case waitsForBroker
        case waitsForSocket
        case canGoOn
    }

    /// Bytes written before frames and jobs get their turn again: so a block is noticed early.
    private static let bytesPerFlushMax = 256 * 1_024
    /// Bytes after which the socket is asked whether it takes more.
    private static let bytesPerCheckMax = 16 * 1_024
    private static let publishChannel: UInt16 = 1

    /// Publishes one message; its number is settled in `nextSettlements`.
    package func publish(
        _ message: Message, exchange: String, routingKey: String, isMandatory: Bool = false
    ) async throws(AMQPError) -> UInt64 {
        let outgoing = Outgoing(
            message: message, exchange: exchange, routingKey: routingKey, isMandatory: isMandatory)
        return try await publish([outgoing]).lowerBound
    }

    /// Publishes messages in order, under consecutive numbers, and returns when all are written. Suspends while the
    /// window is full or the broker takes nothing, at most `callTimeoutSeconds` in all: then throws `.timedOut` or
    /// `.blocked`.
    ///
    /// After an error some of the messages may have been published, none of which shows in `nextSettlements`: publish
    /// them again. An exchange that does not exist, or that the user may not write to, ends the session (AMQP has it
    /// so).
    package func publish(_ batch: [Outgoing]) async throws(AMQPError) -> ClosedRange<UInt64> {
        guard !batch.isEmpty else { throw AMQPError(.invalidArgument, "there is nothing to publish") }
        let batch = signed(batch)
        try check(batch)
        return try await wait { enqueue(batch, id: $0.id, .written($0.continuation)) }.get()
    }

    /// Publishes one message and suspends until the broker has settled it, at most `callTimeoutSeconds`. It does not
    /// show in `nextSettlements`.
    package func publishConfirmed(
        _ message: Message, exchange: String, routingKey: String, isMandatory: Bool = false
    ) async throws(AMQPError) -> Settlement.Outcome {
        let batch = signed([
            Outgoing(message: message, exchange: exchange, routingKey: routingKey, isMandatory: isMandatory)
        ])
        try check(batch)
        return try await wait { enqueue(batch, id: $0.id, .settled($0.continuation)) }.get()
    }

    /// What has been settled since the last call, in the broker's order: suspends until there is something. What was
    /// settled before the session ended can still be had afterwards.
    package func nextSettlements() async throws(AMQPError) -> [Settlement] {
        if !tracker.collected.isEmpty { return tracker.takeCollected() }
        _ = try live()
        return try await wait { wait in
            settlementWaits.append(wait)
            tellSettlements()
        }.get()
    }

    /// Opens the one channel for publishing, in confirm mode.
    func openPublishing() async throws(AMQPError) {
        let channel = try await openChannel(.publishing)
        precondition(channel.number == Self.publishChannel, "the channel for publishing is the session's first")
        _ = try await call(.selectConfirms, on: channel)
    }

    /// Writes what waits, as far as window, socket and broker allow.
    @discardableResult
    func flush() -> Progress {
        guard case .open(let connection) = phase, let first = pending.first else { return .done }
        let isMany = first.batch.count > 1 || pending.count > 1
        if isMany { connection.setCorked(true) }
        defer { if isMany, case .open = phase { connection.setCorked(false) } }
        return write(on: connection)
    }

    private func write(on connection: Connection) -> Progress {
        var budget = Self.bytesPerFlushMax
        var unchecked = Self.bytesPerCheckMax
        while let head = pending.first {
            if blockedReason != nil || tracker.outstanding >= settings.publishWindowMax
                || tracker.collected.count >= settings.settlementsMax
            {
                return .waitsForBroker
            }
            if budget <= 0 { return .canGoOn }
            if unchecked >= Self.bytesPerCheckMax {
                guard connection.isWritable else { return .waitsForSocket }
                unchecked = 0
            }
            let outgoing = head.batch[head.writtenCount]
            do {
                try connection.publish(outgoing, on: Self.publishChannel)
            } catch {
                end(error)
                return .done
            }
            let size = outgoing.message.body.count + 512
            budget -= size
            unchecked += size
            note(outgoing, of: head)
        }
        return .done
    }

    func settle(_ number: UInt64, isMultiple: Bool, isRefused: Bool) {
        for settlement in tracker.settle(number, isMultiple: isMultiple, isRefused: isRefused) {
            confirmations.removeValue(forKey: settlement.number)?.continuation
                .resume(returning: .success(settlement.outcome))
        }
    }

    /// Gives up publishes whose time is over.
    func expirePublishing(at now: UInt64) {
        let seconds = settings.callTimeoutSeconds
        let error =
            if let blockedReason {
                AMQPError(.blocked, "the broker took no messages for \(seconds) s, an alarm is on: \(blockedReason)")
            } else if tracker.collected.count >= settings.settlementsMax {
                AMQPError(.timedOut, "\(settings.settlementsMax) settlements were not collected for \(seconds) s")
            } else {
                AMQPError(.timedOut, "the broker did not take or settle messages within \(seconds) s")
            }
        for publish in pending where publish.deadline <= now {
            tracker.withdraw(publish.writtenNumbers)
            publish.fail(error)
        }
        pending.removeAll { $0.deadline <= now }
        for (number, confirmation) in confirmations where confirmation.deadline <= now {
            giveUp(number, confirmation, error)
        }
    }

    /// False when no publish has that id.
    func cancelPublish(_ id: UInt64, _ error: AMQPError) -> Bool {
        if let index = pending.firstIndex(where: { $0.id == id }) {
            let publish = pending.remove(at: index)
            tracker.withdraw(publish.writtenNumbers)
            publish.fail(error)
            return true
        }
        guard let (number, confirmation) = confirmations.first(where: { $0.value.id == id }) else { return false }
        giveUp(number, confirmation, error)
        return true
    }

    /// The messages with the user who publishes them.
    private func signed(_ batch: [Outgoing]) -> [Outgoing] {
        guard let userID = settings.userID else { return batch }
        return batch.map { outgoing in
            var outgoing = outgoing
            outgoing.message.userID = userID
            return outgoing
        }
    }

    private func check(_ batch: [Outgoing]) throws(AMQPError) {
        let frameMax = try live().frameMax
        for (index, outgoing) in batch.enumerated() {
            do {
                try WireSize.check(outgoing, frameMax: frameMax, bodySizeMax: settings.bodySizeMaxBytes)
                try checkUser(outgoing.message)
            } catch {
                guard batch.count > 1 else { throw error }
                throw AMQPError(error.code, "message \(index) of the batch: \(error.reason)")
            }
        }
    }

    /// The broker would close the channel, and every message in flight with it.
    private func checkUser(_ message: Message) throws(AMQPError) {
        guard let claimed = message.userID, case .plain(let user, _) = endpoint.authentication, claimed != user else {
            return
        }
        throw AMQPError(.invalidArgument, "the user id of a message is the user that is logged in, or absent")
    }

    private func enqueue(_ batch: [Outgoing], id: UInt64, _ completion: PendingPublish.Completion) {
        let deadline = Monotonic.after(seconds: settings.callTimeoutSeconds)
        pending.append(PendingPublish(id: id, batch: batch, deadline: deadline, completion: completion))
        earliestDeadline = min(earliestDeadline, deadline)
        flush()
    }

    /// Keeps account of a message that was written.
    private func note(_ outgoing: Outgoing, of publish: PendingPublish) {
        var likeness: SettlementTracker.Likeness?
        if outgoing.isMandatory {
            likeness = SettlementTracker.Likeness(
                exchange: outgoing.exchange, routingKey: outgoing.routingKey, messageID: outgoing.message.messageID,
                correlationID: outgoing.message.correlationID, bodySize: UInt64(outgoing.message.body.count))
        }
        let number = tracker.publish(publish.route, likeness: likeness)
        if publish.writtenCount == 0 { publish.firstNumber = number }
        publish.writtenCount += 1
        guard publish.writtenCount == publish.batch.count else { return }
        pending.removeFirst()
        switch publish.completion {
        case .written(let continuation):
            continuation.resume(returning: .success(publish.firstNumber...number))
        case .settled(let continuation):
            confirmations[number] = Confirmation(
                id: publish.id, deadline: publish.deadline, continuation: continuation)
        }
    }

    private func giveUp(_ number: UInt64, _ confirmation: Confirmation, _ error: AMQPError) {
        confirmations[number] = nil
        tracker.withdraw(number..<number + 1)
        confirmation.continuation.resume(returning: .failure(error))
    }
}
