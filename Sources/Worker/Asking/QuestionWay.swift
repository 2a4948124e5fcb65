import AMQP
import CareRecord
import Replication

/// Where questions to the HIEs of one broker wait for the session that sends them: nobody who asks waits for a broker.
struct QuestionWay: Sendable {
    struct Letter: Sendable {
        let question: Question
        let source: HIEIdentifier
    }

    static let waitingMax = 256

    private let letters: AsyncStream<Letter>.Continuation

    /// The way, and what is to be sent over it.
    static func make() -> (way: QuestionWay, letters: AsyncStream<Letter>) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Letter.self, bufferingPolicy: .bufferingOldest(waitingMax))
        return (QuestionWay(letters: continuation), stream)
    }

    /// Returns whether there was room for it.
    func take(_ question: Question, to source: HIEIdentifier) -> Bool {
        guard case .enqueued = letters.yield(Letter(question: question, source: source)) else { return false }
        return true
    }
}

/// Sends questions over one session.
actor QuestionPost {
    private let session: Session
    /// HIEs whose queue for questions was seen on this session.
    private var found: Set<HIEIdentifier> = []

    init(_ session: Session) { self.session = session }

    /// Returns why the question did not leave, in words; `nil` once the broker has it.
    func send(_ question: Question, to source: HIEIdentifier, sentAt: Timestamp) async -> String? {
        do throws(AMQPError) {
            // What reaches no queue goes to the alternate exchange, and the broker says nothing of it.
            if !found.contains(source) {
                _ = try await session.inspectQueue(BrokerNames.requestsQueue(source))
                found.insert(source)
            }
            let outgoing = question.message(to: source, sentAt: sentAt)
            let outcome = try await session.publishConfirmed(
                outgoing.message, exchange: outgoing.exchange, routingKey: outgoing.routingKey,
                isMandatory: outgoing.isMandatory)
            switch outcome {
            case .confirmed: return nil
            case .refused: return "the queue of questions to \(source) is full"
            case .returned: return Self.noQueue(source)
            }
        } catch {
            return error.code == .notFound ? Self.noQueue(source) : error.description
        }
    }

    private static func noQueue(_ source: HIEIdentifier) -> String {
        "no queue for questions to \(source): run wherry topology apply"
    }
}
