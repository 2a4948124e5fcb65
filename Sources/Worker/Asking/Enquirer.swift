import AMQP
import CareRecord
import Logging
import Replication
import ServiceLifecycle
import Topology

/// Keeps up, with one broker, the session over which this HIE asks others and gets their answers.
struct Enquirer: Service {
    let seat: Seat
    let line: BrokerLine
    let correspondence: Correspondence
    let breakers: BreakerBoard
    let poison: PoisonWatch
    let counters: CounterBoard
    let clock: WallClock
    let logger: Logger

    /// Answers in memory that nobody has read yet.
    private static let answersPrefetchMax: UInt16 = 8
    /// Questions on their way to the broker without its confirmation.
    private static let sendingMax = 64

    private var sources: Set<HIEIdentifier> { Set(line.link.sources).filter { $0 != seat.journal } }
    private var queue: String { BrokerNames.repliesQueue(seat.hie, run: correspondence.run.text) }

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
            routingKey: BrokerNames.replyKey(seat.hie, run: correspondence.run.text))
        let consumer = try await session.consume(queue, prefetchMax: Self.answersPrefetchMax, isExclusive: true)
        let (way, letters) = QuestionWay.make()
        correspondence.open(way, on: line.link)
        breakers.hasten(sources, at: clock.now)
        defer { correspondence.close(line.link) }
        line.noteConnected()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await send(letters, over: session) }
            group.addTask {
                while true {
                    let deliveries = try await consumer.next(max: Int(Self.answersPrefetchMax))
                    for delivery in deliveries { try await receive(delivery) }
                    if let last = deliveries.last { try await session.acknowledge(last.tag, isMultiple: true) }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Until the session ends or the worker stops. A broker that takes nothing holds so many, and the others wait in
    /// the way until there is no room there either.
    private func send(_ letters: AsyncStream<QuestionWay.Letter>, over session: Session) async {
        let post = QuestionPost(session)
        await withTaskGroup(of: Void.self) { group in
            var sending = 0
            for await letter in letters {
                if sending == Self.sendingMax {
                    await group.next()
                    sending -= 1
                }
                sending += 1
                group.addTask {
                    let id = letter.question.address.id
                    guard correspondence.isOpen(id) else { return }
                    if let reason = await post.send(letter.question, to: letter.source, sentAt: clock.now) {
                        correspondence.undelivered(id, reason: "broker \(line.begun.name): \(reason)")
                    } else {
                        correspondence.sent(id)
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// A page that ends the process would be asked for again by the next run, and for ever: after a few runs it is not
    /// read any more, and its source stays behind.
    private func receive(_ delivery: Delivery) async throws {
        guard let page = LetterIdentity(page: delivery) else { return take(delivery) }
        if let rejection = try await poison.begin(page) {
            unreadable(delivery, rejection)
        } else {
            take(delivery)
            try await poison.end(page)
        }
    }

    /// An answer that cannot be read ends its question, which is asked again: it is nobody's dead letter.
    private func take(_ delivery: Delivery) {
        do throws(Rejection) {
            let (source, id, answer) = try Answer.read(
                delivery, to: seat.hie, run: correspondence.run, queue: queue, from: sources,
                vouchedBy: line.voucher)
            let isExpected = correspondence.settle(id, from: source, .answer(answer))
            if !isExpected { counters.count { $0.answersUnexpected += 1 } }
        } catch {
            unreadable(delivery, error)
        }
    }

    private func unreadable(_ delivery: Delivery, _ rejection: Rejection) {
        counters.count { $0.answersUnreadable += 1 }
        logger.warning(
            "answer.unreadable",
            metadata: ["cause": "\(rejection.cause.rawValue)", "detail": "\(rejection.detail)", "queue": "\(queue)"])
        guard rejection.isOfKnownSource, let id = delivery.message.correlationID,
            let source = delivery.claimedSource
        else { return }
        correspondence.settle(id, from: source, .unreadable(reason: rejection.description))
    }
}

extension Rejection {
    /// Whether what it is about comes from the source that it names. What somebody else has sent in a source's name
    /// ends no question: the true answer may still come.
    fileprivate var isOfKnownSource: Bool {
        switch cause {
        case .forgedSource, .headerRefused: false
        case .undecodable, .unknownType, .schema, .epochUnknown, .nhsNumberInvalid, .applicationFailed, .deliveryLimit,
            .expired, .lengthLimit, .rejected, .unrouted:
            true
        }
    }
}
