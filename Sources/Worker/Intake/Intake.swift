import AMQP
import CareRecord
import Logging
import Replication
import ServiceLifecycle
import Storage
import Topology

/// Takes the change messages of one broker and applies them: verdict, one transaction, acknowledgement. Several
/// messages share a transaction when they wait together. A message that cannot be read is parked before it is
/// acknowledged; a store that fails pauses the intake, which acknowledges and parks nothing meanwhile.
struct Intake: Service {
    let seat: Seat
    let line: BrokerLine
    let topology: TopologyBoard
    /// `nil` where the topology cannot change.
    let watch: TopologyWatch?
    let settings: WorkerSettings
    let index: IndexWriter
    let parking: Parking
    let replays: ReplayDesk
    let poison: PoisonWatch
    let drain: Drain
    let coverage: CoverageBoard
    let counters: CounterBoard
    let durations: DurationCounts
    let clock: WallClock
    let logger: Logger

    private static let pulsesPrefetchMax: UInt16 = 64

    func run() async throws {
        await line.run { session in try await work(session) }
    }

    private func work(_ session: Session) async throws {
        let changes = try await session.consume(
            BrokerNames.changesQueue(seat), prefetchMax: settings.prefetchCountMax)
        let pulses = try await session.consume(BrokerNames.pulsesQueue(seat), prefetchMax: Self.pulsesPrefetchMax)
        line.noteConnected()
        try await withThrowingTaskGroup { group in
            group.addTask { try await receiveChanges(changes, session) }
            group.addTask { try await receivePulses(pulses, session) }
            group.addTask { try await drain.run(on: session) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Ends without an error when the worker stops, after the batch in hand.
    private func receiveChanges(_ consumer: Consumer, _ session: Session) async throws {
        var pace = Pace.transactions
        while let deliveries = try await next(consumer, pace) {
            let takenAt = ContinuousClock.now
            counters.count {
                $0.messagesReceived += Int64(deliveries.count)
                $0.messagesRedelivered += Int64(deliveries.count(where: \.isRedelivered))
            }
            let speakers = await speakers(for: deliveries)
            let reader = IntakeReader(
                seat: seat, queue: BrokerNames.changesQueue(seat), sources: speakers.sources, planned: speakers.planned,
                voucher: line.voucher, changesMax: settings.intakeChangesMax)
            for portion in PoisonGuard.portions(deliveries) {
                switch portion {
                case .together(let deliveries): try await perform(reader.steps(for: deliveries), session)
                case .alone(let delivery): try await receive(alone: delivery, reader, session)
                }
            }
            let duration = .now - takenAt
            durations.record(duration, count: Int64(deliveries.count))
            pace.worked(for: duration, isFull: isFull(deliveries))
        }
    }

    /// A delivery that may end the process: what this run does not survive the next ones know of.
    private func receive(alone delivery: Delivery, _ reader: IntakeReader, _ session: Session) async throws {
        counters.count { $0.messagesSuspicious += 1 }
        let identity = LetterIdentity(unread: delivery)
        if let rejection = try await poison.begin(identity) {
            let letter = DeadLetter(unread: delivery, rejection, queue: BrokerNames.changesQueue(seat))
            try await perform([.park([letter]), .acknowledge(delivery.tag)], session)
        } else {
            try await perform(reader.steps(for: [delivery]), session) { [poison] in
                // An outage may last beyond the process, and is not the message's fault. Fails only at a stop.
                try? await poison.end(identity)
            }
        }
        try await poison.end(identity)
    }

    private func perform(
        _ steps: [IntakeReader.Step], _ session: Session, onFailure: @Sendable () async -> Void = {}
    ) async throws {
        for step in steps {
            switch step {
            case .park(let letters): try await parking.park(letters, broker: line.link.name)
            case .apply(let batches):
                let origin = ChangeOrigin(broker: line.link.name, queue: BrokerNames.changesQueue(seat))
                try await index.apply(batches, for: "intake", from: origin, onFailure: onFailure)
            case .redeem(let deliveries): try await replays.redeem(deliveries)
            case .discard(let count):
                counters.count { $0.replaysUnknown += Int64(count) }
                logger.warning(
                    "replay.unknown", metadata: ["broker.name": "\(line.link.name)", "replay.count": "\(count)"])
            case .acknowledge(let tag): try await session.acknowledge(tag, isMultiple: true)
            }
        }
    }

    /// Who may speak here at present. Before anybody is taken for early or for a stranger the topology file is looked
    /// at: a topology that was deployed a moment ago counts.
    private func speakers(for deliveries: [Delivery]) async -> Speakers {
        var speakers = topology.present.speakers(on: line.link)
        if let watch, deliveries.contains(where: speakers.isUnexpected) {
            await watch.refresh()
            speakers = topology.present.speakers(on: line.link)
        }
        let earlyCount = deliveries.count(where: speakers.isEarly)
        if earlyCount > 0 { counters.count { $0.messagesEarly += Int64(earlyCount) } }
        return speakers
    }

    /// Whether so much came at once that more is likely to wait.
    private func isFull(_ deliveries: [Delivery]) -> Bool {
        deliveries.count >= Int(settings.prefetchCountMax) / 4
            || deliveries.reduce(0) { $0 + $1.message.body.count } >= settings.outbox.batchBytesMax / 4
    }

    private func next(_ consumer: Consumer, _ pace: Pace) async throws -> [Delivery]? {
        do {
            return try await cancelWhenGracefulShutdown {
                try await pace.rest()
                return try await consumer.next(max: Int(settings.prefetchCountMax))
            }
        } catch {
            guard Task.isShuttingDownGracefully else { throw error }
            return nil
        }
    }

    private func receivePulses(_ consumer: Consumer, _ session: Session) async throws {
        while true {
            let deliveries = try await consumer.next(max: Int(Self.pulsesPrefetchMax))
            let speakers = await speakers(for: deliveries)
            let reader = PulseReader(
                queue: BrokerNames.pulsesQueue(seat), sources: speakers.sources, planned: speakers.planned,
                voucher: line.voucher)
            var letters: [DeadLetter] = []
            for delivery in deliveries {
                let (pulse, letter) = reader.read(delivery)
                if let pulse {
                    coverage.pulse(pulse, at: clock.now)
                    counters.count { $0.pulsesReceived += 1 }
                }
                if let letter { letters.append(letter) }
            }
            if !letters.isEmpty { try await parking.park(letters, broker: line.link.name) }
            if let last = deliveries.last { try await session.acknowledge(last.tag, isMultiple: true) }
        }
    }
}
