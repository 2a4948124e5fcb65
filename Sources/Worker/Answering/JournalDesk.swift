import AMQP
import CareRecord
import Logging
import Replication
import Storage

/// Answers from the own journal.
struct JournalDesk: Sendable {
    let hie: HIEIdentifier
    let records: RecordStore
    let limits: PageLimits
    let run: WorkerRun
    let counters: CounterBoard
    let clock: WallClock
    let logger: Logger

    func reply(to subject: Question.Subject, from asker: HIEIdentifier) async -> Reply {
        do throws(StorageError) {
            switch subject {
            case .changes(let after, let through):
                let stretch = JournalStretch(after: after, through: through)
                return .page(try await records.journalPage(stretch, limits: limits), of: subject)
            case .buckets(let buckets, let after):
                let stretch = JournalStretch(after: after, buckets: buckets)
                return .page(try await records.journalPage(stretch, limits: limits), of: subject)
            case .state(let witness):
                try await compare(witness, of: asker)
                return .state(try await records.journalState())
            case .record:
                preconditionFailure("records are read at the desk for records")
            }
        } catch {
            logger.error(
                "question.failed", metadata: ["asker.hie": "\(asker)", "reason": "\(error.description)"])
            // The asker is told what kind of mishap it is; the file's name is this worker's own.
            return .refusal(reason: "the journal cannot be read at present (\(error.code.rawValue))")
        }
    }

    /// The answer to this HIE itself: what a peer would get, without a broker.
    func answer(_ subject: Question.Subject) async -> AskOutcome {
        let reply = await reply(to: subject, from: hie)
        let question = Question(asker: hie, run: run, id: "\(hie)/\(run.text)/own", subject: subject)
        var outgoing = reply.message(from: hie, to: question.address, sentAt: clock.now)
        outgoing.message.userID = hie.text
        let delivery = Delivery(
            message: outgoing.message, tag: DeliveryTag(number: 0), isRedelivered: false, exchange: outgoing.exchange,
            routingKey: outgoing.routingKey)
        do throws(Rejection) {
            return .answered(
                try Answer.read(delivery, to: hie, run: run, queue: Self.ownQueue, from: [hie]).answer)
        } catch {
            return .unanswered(reason: "the own journal cannot be read: \(error)")
        }
    }

    /// Where a dead letter of the own journal says it was taken from.
    static let ownQueue = "records.sqlite"

    /// Begins a new epoch where the asker has seen more of the journal than there is.
    private func compare(_ witness: JournalWitness, of asker: HIEIdentifier) async throws(StorageError) {
        guard try await records.beginEpoch(after: witness, now: clock.now) else { return }
        counters.count { $0.epochsBegun += 1 }
        let reason = try await records.epochNotice()?.reason
        logger.notice(
            "journal.epoch.begun",
            metadata: [
                "journal.epoch": "\(records.epoch)", "asker.hie": "\(asker)", "reason": "\(reason ?? "")",
            ])
    }
}
