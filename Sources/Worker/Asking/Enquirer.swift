import AMQP
import CareRecord
import Logging
import Replication
import ServiceLifecycle
import Topology

/// Keeps up, with one broker, the session over which this HIE asks others and gets their answers.
struct Enquirer: Service {
    let hie: HIEIdentifier
    let line: BrokerLine
    let correspondence: Correspondence
    let counters: CounterBoard
    let logger: Logger

    /// Answers in memory that nobody has read yet.
    private static let answersPrefetchMax: UInt16 = 8

    private var sources: Set<HIEIdentifier> { Set(line.link.sources).subtracting([hie]) }
    private var queue: String { BrokerNames.repliesQueue(hie, run: correspondence.run.text) }

    func run() async throws {
        await line.run { session in
            do {
                try await cancelWhenGracefulShutdown { try await work(session) }
            } catch {
                // Whoever waits for an answer at a stop asks again after the next start.
                guard Task.isShuttingDownGracefully else { throw error }
            }
        }
    }

    private func work(_ session: Session) async throws {
        try await session.inspectExchange(BrokerNames.requestsExchange)
        // The one thing that a worker declares: it goes with the session.
        try await session.declareQueue(queue, isDurable: false, isExclusive: true, isAutoDelete: true)
        try await session.bindQueue(
            queue, exchange: BrokerNames.repliesExchange,
            routingKey: BrokerNames.replyKey(hie, run: correspondence.run.text))
        let consumer = try await session.consume(queue, prefetchMax: Self.answersPrefetchMax, isExclusive: true)
        correspondence.open(QuestionWay(session), on: line.link)
        defer { correspondence.close(line.link) }
        line.noteConnected()
        while true {
            let deliveries = try await consumer.next(max: Int(Self.answersPrefetchMax))
            for delivery in deliveries { take(delivery) }
            if let last = deliveries.last { try await session.acknowledge(last.tag, isMultiple: true) }
        }
    }

    /// An answer that cannot be read ends its question, which is asked again: it is nobody's dead letter.
    private func take(_ delivery: Delivery) {
        do throws(Rejection) {
            let (source, id, answer) = try Answer.read(
                delivery, to: hie, run: correspondence.run, queue: queue, from: sources)
            let isExpected = correspondence.settle(id, from: source, .answered(answer))
            if !isExpected { counters.count { $0.answersUnexpected += 1 } }
        } catch {
            counters.count { $0.answersUnreadable += 1 }
            logger.warning(
                "answer.unreadable",
                metadata: ["cause": "\(error.cause.rawValue)", "detail": "\(error.detail)", "queue": "\(queue)"])
            guard let id = delivery.message.correlationID,
                let source = delivery.message.appID.flatMap({ HIEIdentifier($0) })
            else { return }
            correspondence.settle(id, from: source, .unanswered(reason: "the answer cannot be read: \(error)"))
        }
    }
}
