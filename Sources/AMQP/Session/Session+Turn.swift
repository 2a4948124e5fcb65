import Logging

/// What the session's thread does between jobs.
extension Session {
    /// Frames handled before jobs get their turn again.
    private static let framesPerTurnMax = 512

    /// One round on the connection: take what has arrived, write what waits, end what is overdue.
    func turn() -> IOThread.Turn {
        switch phase {
        case .opening(let deadline):
            connect(deadline: deadline)
            return .again
        case .open(let connection), .closing(let connection, _):
            lifeline.arm(until: Monotonic.after(seconds: settings.callTimeoutSeconds))
            let hasMore = drain(connection)
            expire(at: Monotonic.now())
            let progress = flush()
            if let reason = lifeline.cutReason { end(reason) }
            tellNews()
            if case .ended = phase { return .finished }
            if hasMore || progress == .canGoOn { return .again }
            lifeline.disarm()
            return .wait(
                descriptor: connection.descriptor, isWriting: progress == .waitsForSocket,
                milliseconds: millisecondsToWait())
        case .ended:
            return .finished
        }
    }

    private func connect(deadline: UInt64) {
        do {
            let connection = try Connection.open(endpoint, settings: settings, lifeline: lifeline, deadline: deadline)
            phase = .open(connection)
            lifeline.disarm()
            logger.debug("broker session opened")
            lifeline.settleOpening(.success(()))
        } catch {
            end(error)
        }
    }

    /// True when there may be more.
    private func drain(_ connection: Connection) -> Bool {
        do {
            for _ in 0..<Self.framesPerTurnMax {
                let hadFrame = try connection.nextFrame { frame throws(AMQPError) in
                    try handle(frame, on: connection)
                }
                if case .ended = phase { return false }
                if !hadFrame { return false }
            }
            return true
        } catch {
            end(error)
            return false
        }
    }

    /// Resumes those who wait for what this turn has brought, once for all of it.
    private func tellNews() {
        tellSettlements()
        for consumer in stirred { consumer.tell() }
        stirred.removeAll(keepingCapacity: true)
    }

    func tellSettlements() {
        guard !settlementWaits.isEmpty, !tracker.collected.isEmpty else { return }
        settlementWaits.removeFirst().continuation.resume(returning: .success(tracker.takeCollected()))
    }

    private func expire(at now: UInt64) {
        guard now >= earliestDeadline else { return }
        if case .closing(_, let deadline) = phase, deadline <= now {
            end(AMQPError(.closed, "the session was closed; the broker did not answer the goodbye in time"))
            return
        }
        if let call = channels.values.compactMap(\.call).first(where: { $0.deadline <= now }) {
            // Its answer may come any time later: the session cannot be used on.
            let seconds = settings.callTimeoutSeconds
            end(AMQPError(.timedOut, "the broker did not answer within \(seconds) s: \(call.request.purpose)"))
            return
        }
        expirePublishing(at: now)
        var earliest = UInt64.max
        if case .closing(_, let deadline) = phase { earliest = deadline }
        for channel in channels.values { earliest = min(earliest, channel.call?.deadline ?? .max) }
        for publish in pending { earliest = min(earliest, publish.deadline) }
        for confirmation in confirmations.values { earliest = min(earliest, confirmation.deadline) }
        earliestDeadline = earliest
    }

    /// Up to the next deadline, but never longer than a quarter of a heartbeat: heartbeats go out only in turns.
    private func millisecondsToWait() -> Int32 {
        let heartbeat = Int32(max(settings.heartbeatSeconds, 1)) * 250
        let now = Monotonic.now()
        guard earliestDeadline > now else { return 0 }
        let left = (earliestDeadline - now) / 1_000_000 + 1
        return Int32(min(left, UInt64(heartbeat)))
    }
}
