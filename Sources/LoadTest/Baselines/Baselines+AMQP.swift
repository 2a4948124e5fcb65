package import AMQP
import Logging
import Replication

extension Baselines {
    private static let inFlightMax = OutboxMachine.Limits().inFlightMax
    private static let prefetchMax: UInt16 = 200
    private static let deliveriesMax = 100
    /// A broker that takes longer than this is not measured.
    private static let secondsMax = 600.0

    /// Messages/s through one quorum queue, which is made for this and deleted afterwards: one session publishes with
    /// as many confirms on their way as an outbox has, the other consumes and acknowledges.
    package static func amqp(endpoint: Endpoint, messages: Int, bytes: Int) async throws -> Double {
        let logger = Logger(label: "wherry.load.bare", factory: { _ in SwiftLogNoOpLogHandler() })
        let queue = "wherry.load.bare.\(UInt64.random(in: 0...UInt64.max))"
        let publisher = try await Session.open(
            endpoint, settings: SessionSettings(name: "\(queue) out"), logger: logger)
        let subscriber: Session
        do {
            subscriber = try await Session.open(
                endpoint, settings: SessionSettings(name: "\(queue) in"), logger: logger)
        } catch {
            await publisher.close()
            throw error
        }
        let result: Result<Double, any Error>
        do {
            try await publisher.declareQueue(queue, arguments: ["x-queue-type": "quorum"])
            result = .success(
                try await seconds {
                    try await within(secondsMax, "\(messages) messages through a queue") {
                        try await send(
                            messages, of: bytes, through: queue, from: publisher,
                            to: subscriber.consume(queue, prefetchMax: prefetchMax), at: subscriber)
                    }
                })
        } catch {
            result = .failure(error)
        }
        _ = try? await publisher.deleteQueue(queue)
        await publisher.close()
        await subscriber.close()
        return Double(messages) / max(try result.get(), .leastNormalMagnitude)
    }

    private static func send(
        _ count: Int, of bytes: Int, through queue: String, from publisher: Session, to consumer: Consumer,
        at subscriber: Session
    ) async throws {
        async let consumed: Void = consume(count, from: consumer, at: subscriber)
        let message = Outgoing(
            message: Message(body: Array(repeating: UInt8(ascii: "x"), count: bytes)), exchange: "", routingKey: queue)
        var (sent, settled) = (0, 0)
        while settled < count {
            let room = min(inFlightMax - (sent - settled), count - sent)
            if room > 0 {
                _ = try await publisher.publish(Array(repeating: message, count: room))
                sent += room
            }
            for settlement in try await publisher.nextSettlements() {
                guard settlement.outcome == .confirmed else {
                    throw LoadTestError(.broker, "the broker did not take a message: \(settlement.outcome)")
                }
                settled += 1
            }
        }
        try await consumed
    }

    private static func consume(_ count: Int, from consumer: Consumer, at session: Session) async throws {
        var rest = count
        while rest > 0 {
            let deliveries = try await consumer.next(max: deliveriesMax)
            if let last = deliveries.last { try await session.acknowledge(last.tag, isMultiple: true) }
            rest -= deliveries.count
        }
    }

    /// Throws where `body` takes longer.
    private static func within(
        _ seconds: Double, _ what: String, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                throw LoadTestError(.timedOut, "\(what) took more than \(Int(seconds)) s")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
