import AMQP
import CareRecord
import Logging
import Replication
import ServiceLifecycle
import Storage

/// Answers the questions of other HIEs, in turn by asker: somebody who fills an empty index holds up nobody else, and
/// a clinician's question for a record waits behind nobody's repair.
struct Responder: Service {
    let hie: HIEIdentifier
    let topology: TopologyBoard
    /// `nil` where the topology cannot change.
    let watch: TopologyWatch?
    let line: BrokerLine
    let journal: JournalDesk
    let records: RecordDesk
    let trail: AccessTrail
    let settings: WorkerSettings
    let counters: CounterBoard
    let clock: WallClock
    let logger: Logger

    /// No asker waits longer.
    private static let lifetimeMaxMilliseconds: Int64 = 3_600_000

    private struct Asked {
        let question: Question
        let tag: DeliveryTag
        /// When nobody waits for the answer any more.
        let until: Timestamp?

        var queue: Queue {
            if case .record = question.subject { .records } else { .journal }
        }
    }

    /// Which of the two queues a question waits in.
    private enum Queue {
        case journal, records
    }

    private enum Turn {
        case arrived([Delivery])
        case answered(HIEIdentifier, Queue)
        case refused
    }

    private struct Waiting {
        var journal = AnswerQueue<Asked>()
        var records: AnswerQueue<Asked>

        mutating func add(_ asked: Asked) -> AnswerQueue<Asked>.Admission {
            switch asked.queue {
            case .journal: journal.add(asked, from: asked.question.asker, until: asked.until)
            case .records: records.add(asked, from: asked.question.asker, until: asked.until)
            }
        }

        mutating func done(_ asker: HIEIdentifier, _ queue: Queue) {
            switch queue {
            case .journal: journal.done(asker)
            case .records: records.done(asker)
            }
        }

        mutating func takeExpired(at now: Timestamp) -> [Asked] {
            journal.takeExpired(at: now) + records.takeExpired(at: now)
        }

        mutating func next(at now: Timestamp) -> Asked? {
            (records.next(at: now) ?? journal.next(at: now))?.item
        }
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
            var waiting = Waiting(records: AnswerQueue(limits: settings.recordAnswers))
            group.addTask { .arrived(try await consumer.next(max: Int(prefetch))) }
            while let turn = try await group.next() {
                switch turn {
                case .arrived(let deliveries):
                    for delivery in deliveries {
                        guard let refusal = try await admit(delivery, to: &waiting, session) else { continue }
                        group.addTask {
                            try await refuse(refusal, session)
                            return .refused
                        }
                    }
                    group.addTask { .arrived(try await consumer.next(max: Int(prefetch))) }
                case .answered(let asker, let queue): waiting.done(asker, queue)
                case .refused: break
                }
                let now = clock.now
                for late in waiting.takeExpired(at: now) { try await drop(late, session) }
                while let next = waiting.next(at: now) {
                    group.addTask {
                        try await answer(next, session)
                        return .answered(next.question.asker, next.queue)
                    }
                }
            }
        }
    }

    private struct Refused {
        let address: Question.Address
        let reason: String
        let tag: DeliveryTag
    }

    /// Returns what is to be refused with an answer.
    private func admit(
        _ delivery: Delivery, to waiting: inout Waiting, _ session: Session
    ) async throws -> Refused? {
        let question: IncomingQuestion
        do throws(Rejection) {
            question = try IncomingQuestion(
                delivery, to: hie, from: await askers(for: delivery), vouchedBy: line.voucher)
        } catch {
            try await reject(delivery, error, session)
            return nil
        }
        switch question.subject {
        case .failure(let rejection):
            note(rejection)
            return Refused(address: question.address, reason: rejection.detail, tag: delivery.tag)
        case .success(let subject):
            let until = question.lifetimeMilliseconds.map { lifetime in
                // Counted from here, since no other machine's clock is trusted: late rather than early.
                Timestamp(milliseconds: clock.now.milliseconds + min(max(0, lifetime), Self.lifetimeMaxMilliseconds))
            }
            let asked = Asked(
                question: Question(
                    asker: question.address.asker, run: question.address.run, id: question.address.id,
                    subject: subject),
                tag: delivery.tag, until: until)
            return switch waiting.add(asked) {
            case .waits: nil
            case .refused: Refused(address: question.address, reason: Reply.busy, tag: delivery.tag)
            }
        }
    }

    /// Nobody who is not in the topology gets an answer, not even a refusal; nor does anybody at an address that is not
    /// the asker's.
    private func reject(_ delivery: Delivery, _ rejection: Rejection, _ session: Session) async throws {
        note(rejection)
        await trail.refusal(rejection.description, of: line.voucher.sender(of: delivery))
        try await session.acknowledge(delivery.tag)
    }

    private func note(_ rejection: Rejection) {
        counters.count { $0.questionsRejected += 1 }
        logger.warning(
            "question.rejected",
            metadata: ["cause": "\(rejection.cause.rawValue)", "detail": "\(rejection.detail)"])
    }

    /// The HIEs that may ask at present. Before anybody is taken for a stranger the topology file is looked at.
    private func askers(for delivery: Delivery) async -> Set<HIEIdentifier> {
        let known = topology.present.askers
        if let watch, let asker = delivery.claimedSource, !known.contains(asker) { await watch.refresh() }
        return topology.present.askers
    }

    /// The question is done with once the broker has the whole answer.
    private func answer(_ asked: Asked, _ session: Session) async throws {
        let question = asked.question
        if case .record(let request) = question.subject {
            try await stream(request, to: asked, session)
        } else {
            let reply = await journal.reply(to: question.subject, from: question.asker)
            _ = try await send(reply, to: question.address, session)
        }
        try await session.acknowledge(asked.tag)
    }

    /// Sends page after page while it reads, until nobody waits for more.
    private func stream(_ request: RecordRequest, to asked: Asked, _ session: Session) async throws {
        let address = asked.question.address
        var reading: RecordReading
        do throws(StorageError) {
            reading = try await records.begin(request, from: address.asker)
        } catch {
            return try await fail(error, to: address, session)
        }
        while true {
            let page: RecordPage?
            do throws(StorageError) {
                page = try await reading.next()
            } catch {
                return try await fail(error, to: address, session)
            }
            guard let page else { return }
            guard asked.until.map({ clock.now < $0 }) ?? true else {
                counters.count { $0.questionsExpired += 1 }
                return
            }
            guard try await send(.record(page), to: address, session) else { return }
        }
    }

    /// The asker is told what kind of mishap it is; the file's name is this worker's own.
    private func fail(_ error: StorageError, to address: Question.Address, _ session: Session) async throws {
        logger.error("record.failed", metadata: ["reason": "\(error.description)"])
        let reason = "the records cannot be read at present (\(error.code.rawValue))"
        _ = try await send(.refusal(reason: reason), to: address, session)
    }

    private func refuse(_ refused: Refused, _ session: Session) async throws {
        _ = try await send(.refusal(reason: refused.reason), to: refused.address, session)
        try await session.acknowledge(refused.tag)
    }

    /// Returns whether the broker has it: by the time that a blocked broker takes it nobody waits for it any more.
    private func send(_ reply: Reply, to address: Question.Address, _ session: Session) async throws -> Bool {
        let outgoing = reply.message(from: hie, to: address, sentAt: clock.now)
        do throws(AMQPError) {
            _ = try await session.publishConfirmed(
                outgoing.message, exchange: outgoing.exchange, routingKey: outgoing.routingKey)
            counters.count { counters in
                if case .refusal = reply { counters.answersRefused += 1 } else { counters.answersGiven += 1 }
            }
            return true
        } catch {
            guard error.code == .blocked else { throw error }
            counters.count { $0.questionsExpired += 1 }
            return false
        }
    }

    private func drop(_ asked: Asked, _ session: Session) async throws {
        counters.count { $0.questionsExpired += 1 }
        try await session.acknowledge(asked.tag)
    }
}
