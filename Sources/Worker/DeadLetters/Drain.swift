import AMQP
import CareRecord
import Logging
import Replication
import ServiceLifecycle
import Topology

/// Takes what one broker has put aside, and keeps it with the other dead letters: the own queue for dead letters, and
/// at the primary of the first connected HIE of the broker's regions what reached nobody. Each message is on the disk,
/// synced, before the broker is told to forget it. A queue that cannot be consumed holds up nothing else.
struct Drain: Sendable {
    /// Deliveries without an acknowledgement on one queue, as many as share a synced transaction. Like those of the
    /// intake they are as large as messages are.
    static let prefetchMax: UInt16 = 64
    private static let firstRetryMilliseconds: Int64 = 500
    private static let retryMaxSeconds: Int64 = 30

    let seat: Seat
    let line: BrokerLine
    let topology: TopologyBoard
    let parking: Parking
    let poison: PoisonWatch
    let pauses: PauseBoard
    let counters: CounterBoard
    let clock: WallClock
    let logger: Logger

    /// Until the session ends, with its error, or the task is cancelled.
    func run(on session: Session) async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await drain(.dead, session) }
            group.addTask { try await drainWhatReachedNobody(session) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Whether this worker takes what reached nobody at this broker: one worker does, so that there is one place to
    /// look.
    private var isOnDuty: Bool { seat.journal != nil && line.link.sources.first == seat.journal }

    private func drainWhatReachedNobody(_ session: Session) async throws {
        while true {
            try await untilDuty(is: true)
            try await withThrowingTaskGroup { group in
                group.addTask { try await drain(.unrouted, session) }
                group.addTask { try await untilDuty(is: false) }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }

    private func untilDuty(is wanted: Bool) async throws {
        for await _ in topology.views() where isOnDuty == wanted { return }
        // The views end for a task that is cancelled.
        throw CancellationError()
    }

    /// Consumes again and again until the session ends.
    private func drain(_ place: DrainReader.Place, _ session: Session) async throws {
        let part = "draining \(queue(place)) of broker \(line.begun.name)"
        var backOff = BackOff(first: .milliseconds(Self.firstRetryMilliseconds), max: .seconds(Self.retryMaxSeconds))
        defer { pauses.resume(part) }
        while true {
            do {
                let consumer = try await session.consume(queue(place), prefetchMax: Self.prefetchMax)
                if pauses.resume(part) { logger.notice("part.resumed", metadata: ["part": "\(part)"]) }
                backOff.reset()
                try await take(from: consumer, place, session)
            } catch let error as AMQPError where error.isOfOneConsumer {
                let reason = error.operatorReason(broker: line.begun.name)
                if pauses.pause(part, reason: reason, now: clock.now) {
                    logger.warning("part.paused", metadata: ["part": "\(part)", "reason": "\(reason)"])
                }
            }
            try await Task.sleep(for: backOff.next())
        }
    }

    private func take(from consumer: Consumer, _ place: DrainReader.Place, _ session: Session) async throws {
        do {
            while true {
                let deliveries = try await consumer.next(max: Int(Self.prefetchMax))
                for portion in PoisonGuard.portions(deliveries) {
                    switch portion {
                    case .together(let deliveries): try await keep(deliveries, place, session)
                    case .alone(let delivery): try await keep(alone: delivery, place, session)
                    }
                }
            }
        } catch {
            // What it holds goes to whoever is on duty next.
            await consumer.cancel()
            throw error
        }
    }

    private func keep(alone delivery: Delivery, _ place: DrainReader.Place, _ session: Session) async throws {
        counters.count { $0.messagesSuspicious += 1 }
        let identity = LetterIdentity(unread: delivery)
        if let rejection = try await poison.begin(identity) {
            let letter = DeadLetter(unread: delivery, rejection, queue: queue(place))
            try await parking.park([letter], broker: line.link.name)
            try await session.acknowledge(delivery.tag, isMultiple: true)
            counters.count { $0.messagesDrained += 1 }
        } else {
            try await keep([delivery], place, session)
        }
        try await poison.end(identity)
    }

    private func keep(_ deliveries: [Delivery], _ place: DrainReader.Place, _ session: Session) async throws {
        let reader = reader(place)
        var letters: [DeadLetter] = []
        var transient: [MessageHeader.Kind] = []
        for delivery in deliveries {
            switch reader.read(delivery) {
            case .park(let letter): letters.append(letter)
            case .transient(let kind): transient.append(kind)
            case .replayReturned(let mark, let rejection): note(mark, rejection)
            case .replayUnknown: counters.count { $0.replaysUnknown += 1 }
            }
        }
        if !letters.isEmpty { try await parking.park(letters, broker: line.link.name) }
        if let last = deliveries.last { try await session.acknowledge(last.tag, isMultiple: true) }
        counters.count { [transient] counters in
            counters.messagesDrained += Int64(deliveries.count)
            for kind in transient { counters.unroutedTransient[kind, default: 0] += 1 }
        }
    }

    /// The letter is kept where it was sent from, and is sent again from there.
    private func note(_ mark: ReplayMark, _ rejection: Rejection) {
        counters.count { $0.replaysReturned += 1 }
        logger.warning(
            "replay.returned",
            metadata: [
                "replay.mark": "\(mark.text)", "cause": "\(rejection.cause.rawValue)", "detail": "\(rejection.detail)",
            ])
    }

    private func queue(_ place: DrainReader.Place) -> String {
        switch place {
        case .dead: BrokerNames.deadQueue(seat)
        case .unrouted: BrokerNames.unroutedQueue
        }
    }

    private func reader(_ place: DrainReader.Place) -> DrainReader {
        let view = topology.present
        // What reached nobody may be of the own journal; what was meant for its keeper is not.
        let sources =
            switch place {
            case .dead: view.speakers(on: line.link).sources
            case .unrouted: Set(line.link.sources)
            }
        return DrainReader(
            place, seat: seat, queue: queue(place), sources: sources, subscribers: view.connected,
            voucher: line.voucher)
    }
}

extension AMQPError {
    /// Whether it is about one consumer, and the session goes on.
    fileprivate var isOfOneConsumer: Bool {
        switch code {
        case .notFound, .accessRefused, .preconditionFailed, .resourceLocked, .channelClosed, .cancelledByBroker: true
        case .invalidURL, .invalidArgument, .unreachable, .timedOut, .authenticationRefused, .tlsFailed,
            .connectionClosed, .heartbeatMissed, .interrupted, .closed, .ended, .blocked, .cancelled, .limitReached,
            .protocolViolated:
            false
        }
    }
}
