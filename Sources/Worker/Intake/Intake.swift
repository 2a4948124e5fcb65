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
    let hie: HIEIdentifier
    let line: BrokerLine
    let settings: WorkerSettings
    let index: IndexWriter
    let parking: Parking
    let coverage: CoverageBoard
    let counters: CounterBoard
    let clock: WallClock
    let logger: Logger

    private static let pulsesPrefetchMax: UInt16 = 64

    private var sources: Set<HIEIdentifier> { Set(line.link.sources).subtracting([hie]) }

    func run() async throws {
        await line.run { session in try await work(session) }
    }

    private func work(_ session: Session) async throws {
        let changes = try await session.consume(
            BrokerNames.changesQueue(hie), prefetchMax: settings.prefetchCountMax)
        let pulses = try await session.consume(BrokerNames.pulsesQueue(hie), prefetchMax: Self.pulsesPrefetchMax)
        line.noteConnected()
        try await withThrowingTaskGroup { group in
            group.addTask { try await receiveChanges(changes, session) }
            group.addTask { try await receivePulses(pulses, session) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Ends without an error when the worker stops, after the batch in hand.
    private func receiveChanges(_ consumer: Consumer, _ session: Session) async throws {
        while let deliveries = try await next(consumer) {
            counters.count {
                $0.messagesReceived += Int64(deliveries.count)
                $0.messagesRedelivered += Int64(deliveries.count(where: \.isRedelivered))
            }
            for group in groups(deliveries.map(read)) {
                try await settle(group, session)
            }
        }
    }

    private func next(_ consumer: Consumer) async throws -> [Delivery]? {
        do {
            return try await cancelWhenGracefulShutdown {
                try await consumer.next(max: Int(settings.prefetchCountMax))
            }
        } catch {
            guard Task.isShuttingDownGracefully else { throw error }
            return nil
        }
    }

    /// A delivery as it was read: what to apply and what to park.
    private struct Reading {
        let tag: DeliveryTag
        var batch: ChangeBatch?
        var letters: [DeadLetter] = []
    }

    private func read(_ delivery: Delivery) -> Reading {
        var reading = Reading(tag: delivery.tag)
        do throws(Rejection) {
            let header = try MessageHeader(delivery, from: sources)
            guard header.kind == .changes else {
                throw Rejection(.unknownType, "a \(header.kind.rawValue) message on the queue for changes")
            }
            let incoming: IncomingBatch
            do throws(Rejection) {
                incoming = try IncomingBatch(delivery, header: header)
            } catch {
                reading.letters = [parking.letter(delivery, error, source: header.source)]
                return reading
            }
            reading.batch = incoming.batch
            reading.letters = incoming.refused.map { refused in
                parking.letter(delivery, refused.rejection, source: header.source, body: refused.line)
            }
        } catch {
            reading.letters = [parking.letter(delivery, error, source: nil)]
        }
        return reading
    }

    /// Cuts what waits into transactions of bounded size.
    private func groups(_ readings: [Reading]) -> [[Reading]] {
        var groups: [[Reading]] = []
        var size = 0
        for reading in readings {
            let count = reading.batch?.changes.count ?? 0
            if groups.isEmpty || size + count > settings.intakeChangesMax {
                groups.append([])
                size = 0
            }
            groups[groups.count - 1].append(reading)
            size += count
        }
        return groups
    }

    private func settle(_ group: [Reading], _ session: Session) async throws {
        guard let last = group.last else { return }
        let letters = group.flatMap(\.letters)
        if !letters.isEmpty { try await parking.park(letters) }
        try await index.apply(group.compactMap(\.batch))
        try await session.acknowledge(last.tag, isMultiple: true)
    }

    private func receivePulses(_ consumer: Consumer, _ session: Session) async throws {
        while true {
            let deliveries = try await consumer.next(max: Int(Self.pulsesPrefetchMax))
            var letters: [DeadLetter] = []
            for delivery in deliveries {
                do throws(Rejection) {
                    let header = try MessageHeader(delivery, from: sources)
                    guard header.kind == .pulse else {
                        throw Rejection(.unknownType, "a \(header.kind.rawValue) message on the queue for pulses")
                    }
                    coverage.pulse(try Pulse(delivery, header: header), at: clock.now)
                    counters.count { $0.pulsesReceived += 1 }
                } catch {
                    letters.append(parking.letter(delivery, error, source: nil))
                }
            }
            if !letters.isEmpty { try await parking.park(letters) }
            if let last = deliveries.last { try await session.acknowledge(last.tag, isMultiple: true) }
        }
    }
}
