import AMQP
import CareRecord
import Logging
import Replication
import ServiceLifecycle

/// Answers the questions of other HIEs, in turn by asker: somebody who fills an empty index holds up nobody else.
struct Responder: Service {
    let hie: HIEIdentifier
    let topology: TopologyBoard
    /// `nil` where the topology cannot change.
    let watch: TopologyWatch?
    let line: BrokerLine
    let desk: JournalDesk
    let settings: WorkerSettings
    let counters: CounterBoard
    let clock: WallClock
    let logger: Logger

    /// No asker waits longer.
    private static let lifetimeMaxMilliseconds: Int64 = 3_600_000

    private struct Asked {
        let question: Question
        let tag: DeliveryTag
    }

    private enum Turn {
        case arrived([Delivery])
        case answered(HIEIdentifier)
        case refused
    }

    func run() async throws {
        await line.run { session in
            do {
                try await cancelWhenGracefulShutdown { try await work(session) }
            } catch {
                // What was not answered at a stop goes back to the queue, and its asker asks again.
                guard Task.isShuttingDownGracefully else { throw error }
            }
        }
    }

    private func work(_ session: Session) async throws {
        try await session.inspectExchange(BrokerNames.repliesExchange)
        let prefetch = settings.questionsPrefetchMax
        let consumer = try await session.consume(BrokerNames.requestsQueue(hie), prefetchMax: prefetch)
        line.noteConnected()
        try await withThrowingTaskGroup(of: Turn.self) { group in
            defer { group.cancelAll() }
            var waiting = AnswerQueue<Asked>()
            group.addTask { .arrived(try await consumer.next(max: Int(prefetch))) }
            while let turn = try await group.next() {
                switch turn {
                case .arrived(let deliveries):
                    for delivery in deliveries {
                        guard let refused = try await admit(delivery, to: &waiting, session) else { continue }
                        group.addTask {
                            try await send(.refusal(reason: "busy"), to: refused, session)
                            return .refused
                        }
                    }
                    group.addTask { .arrived(try await consumer.next(max: Int(prefetch))) }
                case .answered(let asker):
                    waiting.done(asker)
                case .refused:
                    break
                }
                for late in waiting.takeExpired(at: clock.now) { try await drop(late, session) }
                while let next = waiting.next(at: clock.now) {
                    group.addTask {
                        try await answer(next.item, session)
                        return .answered(next.asker)
                    }
                }
            }
        }
    }

    /// Returns the question that there is no room for.
    private func admit(
        _ delivery: Delivery, to waiting: inout AnswerQueue<Asked>, _ session: Session
    ) async throws -> Asked? {
        let question: Question
        do throws(Rejection) {
            question = try Question(delivery, to: hie, from: await askers(for: delivery))
        } catch {
            // Nobody who is not in the topology gets an answer, not even a refusal.
            counters.count { $0.questionsRejected += 1 }
            logger.warning(
                "question.rejected", metadata: ["cause": "\(error.cause.rawValue)", "detail": "\(error.detail)"])
            try await session.acknowledge(delivery.tag)
            return nil
        }
        let until = question.lifetimeMilliseconds.map { lifetime in
            // Counted from here, since no other machine's clock is trusted: late rather than early.
            Timestamp(milliseconds: clock.now.milliseconds + min(max(0, lifetime), Self.lifetimeMaxMilliseconds))
        }
        let asked = Asked(question: question, tag: delivery.tag)
        return switch waiting.add(asked, from: question.asker, until: until) {
        case .waits: nil
        case .refused: asked
        }
    }

    /// The HIEs that may ask at present. Before anybody is taken for a stranger the topology file is looked at.
    private func askers(for delivery: Delivery) async -> Set<HIEIdentifier> {
        let known = Set(topology.present.connected)
        if let watch, let asker = delivery.claimedSource, !known.contains(asker) { await watch.refresh() }
        return Set(topology.present.connected).subtracting([hie])
    }

    private func answer(_ asked: Asked, _ session: Session) async throws {
        let reply = await desk.reply(to: asked.question.subject, from: asked.question.asker)
        try await send(reply, to: asked, session)
    }

    /// The question is done with once the broker has the answer.
    private func send(_ reply: Reply, to asked: Asked, _ session: Session) async throws {
        let outgoing = reply.message(from: hie, to: asked.question, sentAt: clock.now)
        do throws(AMQPError) {
            _ = try await session.publishConfirmed(
                outgoing.message, exchange: outgoing.exchange, routingKey: outgoing.routingKey)
            counters.count { counters in
                if case .refusal = reply { counters.answersRefused += 1 } else { counters.answersGiven += 1 }
            }
        } catch {
            // By the time that a blocked broker takes it nobody waits for it any more.
            guard error.code == .blocked else { throw error }
            counters.count { $0.questionsExpired += 1 }
        }
        try await session.acknowledge(asked.tag)
    }

    private func drop(_ asked: Asked, _ session: Session) async throws {
        counters.count { $0.questionsExpired += 1 }
        try await session.acknowledge(asked.tag)
    }
}
