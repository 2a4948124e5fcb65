package import Logging
import Synchronization

/// One connection to a broker, on a thread of its own. It ends once and never heals: after an error open another.
///
/// It must be ended by `close()`, by `interrupt()`, or by the broker; letting go of it does not end it. Publish and
/// consume on different sessions: during an alarm the broker stops reading from those that publish.
package actor Session {
    enum Phase {
        case opening(deadline: UInt64)
        case open(Connection)
        /// The polite close is sent; what still waits is resumed when the broker has answered.
        case closing(Connection, deadline: UInt64)
        case ended(AMQPError)
    }

    /// Alarms of the broker. Holds the latest 16; finishes with the session.
    package nonisolated let events: AsyncStream<SessionEvent>
    nonisolated let eventsInput: AsyncStream<SessionEvent>.Continuation
    nonisolated let thread: IOThread
    nonisolated let lifeline: Lifeline
    /// Counts the sessions of this process.
    nonisolated let id: UInt64
    let endpoint: Endpoint
    let settings: SessionSettings
    let logger: Logger

    var phase: Phase
    var channels: [UInt16: Channel] = [:]
    /// Open channels for declarations that nobody uses at present.
    var idleChannels: [Channel] = []
    /// Why the broker takes no messages, while it does not.
    var blockedReason: String?
    var tracker = SettlementTracker()
    /// Publishes that are not yet written in full, oldest first.
    var pending: [PendingPublish] = []
    /// Written messages whose publisher waits for the settlement, by publish number.
    var confirmations: [UInt64: Confirmation] = [:]
    var settlementWaits: [Wait<[Settlement]>] = []
    var consumers: [UInt64: ConsumerState] = [:]
    /// Consumers with news for those who wait.
    var stirred: [ConsumerState] = []
    var endWaits: [Wait<AMQPError>] = []
    /// No wait has an earlier deadline, in monotonic nanoseconds.
    var earliestDeadline = UInt64.max
    private var lastID: UInt64 = 0

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private static let count = Atomic<UInt64>(0)

    private init(_ endpoint: Endpoint, settings: SessionSettings, logger: Logger) {
        self.endpoint = endpoint
        self.settings = settings
        var logger = logger
        logger[metadataKey: "amqp.endpoint"] = "\(endpoint)"
        logger[metadataKey: "amqp.session"] = "\(settings.name)"
        self.logger = logger
        id = Self.count.add(1, ordering: .relaxed).newValue
        thread = IOThread()
        lifeline = Lifeline(address: endpoint.address)
        (events, eventsInput) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(16))
        phase = .opening(deadline: Monotonic.after(seconds: settings.connectTimeoutSeconds))
    }

    /// Connects and logs in, within `connectTimeoutSeconds`. Errors: `.unreachable`, `.timedOut`, `.tlsFailed`,
    /// `.authenticationRefused`, `.notFound` (virtual host), `.accessRefused`, `.connectionClosed`, `.cancelled`.
    package static func open(
        _ endpoint: Endpoint, settings: SessionSettings, logger: Logger
    ) async throws(AMQPError) -> Session {
        let session = Session(endpoint, settings: settings, logger: logger)
        let lifeline = session.lifeline
        lifeline.arm(until: Monotonic.after(seconds: settings.connectTimeoutSeconds))
        Watchdog.shared.watch(lifeline)
        let callTimeoutSeconds = settings.callTimeoutSeconds
        let hasThread = session.thread.start(
            beforeJob: { lifeline.arm(until: Monotonic.after(seconds: callTimeoutSeconds)) },
            turn: { session.assumeIsolated { $0.turn() } }  // the turn runs on the session's own thread
        )
        guard hasThread else {
            Watchdog.shared.forget(lifeline)
            throw AMQPError(.limitReached, "no thread for the session: the limit of threads is reached")
        }
        let result = await withTaskCancellationHandler {
            await lifeline.opened()
        } onCancel: {
            lifeline.cut(AMQPError(.cancelled, "the task that opened the session was cancelled"))
        }
        try result.get()
        do {
            try await session.openPublishing()
        } catch {
            session.interrupt()
            throw error
        }
        return session
    }

    /// Suspends until the session has ended and says why: `.closed` after `close()`. A cancelled task gets
    /// `.cancelled`.
    package func ended() async -> AMQPError {
        if case .ended(let error) = phase { return error }
        switch await wait({ endWaits.append($0) }) {
        case .success(let reason), .failure(let reason): return reason
        }
    }

    /// Says goodbye and waits for the broker's answer, `closeTimeoutSeconds` at most. What still waits gets `.closed`.
    package func close() async {
        switch phase {
        case .open(let connection):
            lifeline.arm(until: Monotonic.after(seconds: settings.closeTimeoutSeconds))
            do {
                try connection.requestConnectionClose()
                let deadline = Monotonic.after(seconds: settings.closeTimeoutSeconds)
                phase = .closing(connection, deadline: deadline)
                earliestDeadline = min(earliestDeadline, deadline)
            } catch {
                end(error)
            }
        case .opening, .closing, .ended: break
        }
        if case .ended = phase { return }
        // Not cancellable: the caller must find the session ended, and the wait is bounded.
        _ = await withCheckedContinuation { endWaits.append(Wait(id: makeID(), continuation: $0)) }
    }

    /// Ends the session at once from any thread, whatever it is stuck in. Everyone who waits gets `.interrupted`.
    package nonisolated func interrupt() {
        lifeline.cut(AMQPError(.interrupted, "the session was interrupted"))
        thread.post {}
    }

    /// The connection, or the error for a session that has ended or is about to.
    func live() throws(AMQPError) -> Connection {
        switch phase {
        case .open(let connection): return connection
        case .opening: throw AMQPError(.ended, "the session is not open yet")
        case .closing: throw AMQPError(.closed, "the session is being closed")
        case .ended(let error):
            throw AMQPError(
                .ended, "the session with \(endpoint.address) has ended: \(error.reason)", replyCode: error.replyCode,
                cause: error)
        }
    }

    /// The one way a session ends: frees the connection and resumes everyone who waits.
    func end(_ error: AMQPError) {
        switch phase {
        case .ended: return
        case .opening: break
        case .open(let connection), .closing(let connection, _): connection.destroy()
        }
        phase = .ended(error)
        lifeline.release()
        Watchdog.shared.forget(lifeline)
        lifeline.settleOpening(.failure(error))
        for channel in channels.values { channel.end(error) }
        channels = [:]
        idleChannels = []
        for publish in pending { publish.fail(error) }
        pending = []
        for confirmation in confirmations.values { confirmation.continuation.resume(returning: .failure(error)) }
        confirmations = [:]
        tellSettlements()
        for wait in settlementWaits { wait.continuation.resume(returning: .failure(error)) }
        settlementWaits = []
        for consumer in consumers.values { consumer.end(error) }
        consumers = [:]
        stirred = []
        for wait in endWaits { wait.continuation.resume(returning: .success(error)) }
        endWaits = []
        eventsInput.finish()
        logEnd(error)
    }

    /// A number that no other wait, consumer or call of this session has.
    func makeID() -> UInt64 {
        lastID += 1
        return lastID
    }

    private func logEnd(_ error: AMQPError) {
        if error.code == .closed {
            logger.debug("broker session closed")
        } else {
            logger.debug("broker session ended", metadata: ["error": "\(error)"])
        }
    }
}
