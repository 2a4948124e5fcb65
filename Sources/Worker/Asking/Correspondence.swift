import AMQP
import CareRecord
import NIOConcurrencyHelpers
import Replication
import Topology

/// What became of a question.
enum AskOutcome: Sendable, Equatable {
    case answered(Answer)
    /// In words, for an operator.
    case unanswered(reason: String)
}

/// What happens to a question whose answer has several parts.
enum AskEvent: Sendable {
    /// The broker has it.
    case sent
    case answer(Answer)
    /// An answer to it cannot be read.
    case unreadable(reason: String)
    /// It did not leave, or the session that carried it ended.
    case undelivered(reason: String)
}

/// The questions that are on their way to other HIEs: which broker carries them, and who waits for the answers.
///
/// Every question ends: with its answer, when its time is over, with the session that carried it, or when the one who
/// asked forgets it.
final class Correspondence: Sendable {
    private struct Asked {
        let source: HIEIdentifier
        let link: String
        var end: End
    }

    /// The asker and the end of its question come in any order.
    private enum End {
        case open
        case awaited(CheckedContinuation<AskOutcome, Never>)
        case reached(AskOutcome)
        /// Told of everything until it is forgotten. It must not wait.
        case collected(@Sendable (AskEvent) -> Void)
    }

    private struct State {
        var ways: [String: QuestionWay] = [:]
        var asked: [String: Asked] = [:]
        var lastNumber = 0
    }

    private let hie: HIEIdentifier
    /// Identifies this run of the worker in its addresses.
    let run: WorkerRun
    private let topology: TopologyBoard
    private let timeoutMilliseconds: Int64
    private let brokers: BrokerBoard
    private let counters: CounterBoard
    private let state = NIOLockedValueBox(State())

    init(
        hie: HIEIdentifier, run: WorkerRun, topology: TopologyBoard, timeoutMilliseconds: Int64, brokers: BrokerBoard,
        counters: CounterBoard
    ) {
        self.hie = hie
        self.run = run
        self.topology = topology
        self.timeoutMilliseconds = timeoutMilliseconds
        self.brokers = brokers
        self.counters = counters
    }

    /// How many questions wait for an answer.
    var openCount: Int { state.withLockedValue { $0.asked.count } }

    /// Asks what has one answer, and waits for it.
    func ask(
        _ subject: Question.Subject, of source: HIEIdentifier, timeoutMilliseconds: Int64? = nil
    ) async -> AskOutcome {
        counters.count { $0.questionsAsked += 1 }
        let outcome = await exchange(subject, source, timeoutMilliseconds ?? self.timeoutMilliseconds)
        if case .unanswered = outcome { counters.count { $0.questionsUnanswered += 1 } }
        return outcome
    }

    /// Asks what may have several answers: `take` is told of all of them, and of what goes wrong, until the question is
    /// forgotten. Returns the question's id; `nil` where it could not be asked, of which `take` is told too.
    func collect(
        _ subject: Question.Subject, of source: HIEIdentifier, lifetimeMilliseconds: Int64,
        _ take: @escaping @Sendable (AskEvent) -> Void
    ) -> String? {
        counters.count { $0.questionsAsked += 1 }
        guard let (id, link, way) = begin(source, .collected(take)) else {
            take(.undelivered(reason: reasonNotToAsk(source)))
            return nil
        }
        let question = Question(
            asker: hie, run: run, id: id, subject: subject, lifetimeMilliseconds: lifetimeMilliseconds)
        if !way.take(question, to: source) { undelivered(id, reason: Self.noRoom(link)) }
        return id
    }

    /// What still comes to these questions is late.
    func forget(_ ids: [String]) {
        state.withLockedValue { state in
            for id in ids { state.asked[id] = nil }
        }
    }

    func open(_ way: QuestionWay, on link: BrokerLink) {
        state.withLockedValue { $0.ways[link.name] = way }
    }

    /// The session of the link has ended: nobody will answer over it any more.
    func close(_ link: BrokerLink) {
        let ids = state.withLockedValue { state in
            state.ways[link.name] = nil
            return state.asked.filter { $0.value.link == link.name }.keys
        }
        for id in ids { end(id, .undelivered(reason: "the connection to broker \(link.name) ended")) }
    }

    /// Whether somebody still waits.
    func isOpen(_ id: String) -> Bool { state.withLockedValue { $0.asked[id] != nil } }

    /// The broker has the question.
    func sent(_ id: String) {
        let take = state.withLockedValue { state -> (@Sendable (AskEvent) -> Void)? in
            guard case .collected(let take) = state.asked[id]?.end else { return nil }
            return take
        }
        take?(.sent)
    }

    /// The question did not leave.
    func undelivered(_ id: String, reason: String) { end(id, .undelivered(reason: reason)) }

    /// An answer arrived, or something in its place. Returns whether that source was asked that question and somebody
    /// still waits.
    @discardableResult
    func settle(_ id: String, from source: HIEIdentifier, _ event: AskEvent) -> Bool {
        guard state.withLockedValue({ $0.asked[id]?.source == source }) else { return false }
        return end(id, event)
    }

    private func exchange(
        _ subject: Question.Subject, _ source: HIEIdentifier, _ timeoutMilliseconds: Int64
    ) async -> AskOutcome {
        guard let (id, link, way) = begin(source, .open) else { return .unanswered(reason: reasonNotToAsk(source)) }
        let question = Question(
            asker: hie, run: run, id: id, subject: subject, lifetimeMilliseconds: timeoutMilliseconds)
        if !way.take(question, to: source) { undelivered(id, reason: Self.noRoom(link)) }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await Task.sleep(for: .milliseconds(timeoutMilliseconds))
                self.end(id, .undelivered(reason: "no answer within \(timeoutMilliseconds) ms"))
            }
            let outcome = await outcome(of: id)
            group.cancelAll()
            return outcome
        }
    }

    private static func noRoom(_ link: String) -> String {
        "broker \(link): more than \(QuestionWay.waitingMax) questions wait for it"
    }

    private func begin(
        _ source: HIEIdentifier, _ end: End
    ) -> (id: String, link: String, way: QuestionWay)? {
        guard let link = topology.present.link(to: source)?.name else { return nil }
        return state.withLockedValue { state in
            guard let way = state.ways[link] else { return nil }
            state.lastNumber += 1
            let id = "\(hie)/\(run.text)/\(state.lastNumber)"
            state.asked[id] = Asked(source: source, link: link, end: end)
            return (id, link, way)
        }
    }

    /// Why no question can be sent to the HIE at present; `nil` where one can.
    func obstacle(to source: HIEIdentifier) -> String? {
        if let link = topology.present.link(to: source)?.name, state.withLockedValue({ $0.ways[link] != nil }) {
            return nil
        }
        return reasonNotToAsk(source)
    }

    private func reasonNotToAsk(_ source: HIEIdentifier) -> String {
        guard let link = topology.present.link(to: source)?.name else { return "no broker leads to \(source)" }
        let condition = brokers.all.first { $0.broker == link }
        let detail = condition?.reason.map { ": \($0)" } ?? ""
        return "broker \(link) is \((condition?.state ?? .connecting).rawValue)\(detail)"
    }

    /// Returns when the question has come to its end; at once for a task that is cancelled.
    private func outcome(of id: String) async -> AskOutcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let reached = state.withLockedValue { state -> AskOutcome? in
                    if case .reached(let outcome) = state.asked[id]?.end {
                        state.asked[id] = nil
                        return outcome
                    }
                    state.asked[id]?.end = .awaited(continuation)
                    return nil
                }
                if let reached { continuation.resume(returning: reached) }
            }
        } onCancel: {
            end(id, .undelivered(reason: "the worker stops"))
        }
    }

    private enum Waiter {
        case continuation(CheckedContinuation<AskOutcome, Never>, AskOutcome)
        case collector(@Sendable (AskEvent) -> Void)
    }

    /// Returns whether the question was still open.
    @discardableResult
    private func end(_ id: String, _ event: AskEvent) -> Bool {
        let (isNews, waiter) = state.withLockedValue { state -> (Bool, Waiter?) in
            switch state.asked[id]?.end {
            case nil, .reached: return (false, nil)
            case .collected(let take): return (true, .collector(take))
            case .open:
                guard let outcome = event.outcome else { return (true, nil) }
                state.asked[id]?.end = .reached(outcome)
                return (true, nil)
            case .awaited(let continuation):
                guard let outcome = event.outcome else { return (true, nil) }
                state.asked[id] = nil
                return (true, .continuation(continuation, outcome))
            }
        }
        switch waiter {
        case .continuation(let continuation, let outcome): continuation.resume(returning: outcome)
        case .collector(let take): take(event)
        case nil: break
        }
        return isNews
    }
}

extension AskEvent {
    /// For a question that has one answer; `nil` while it has none.
    fileprivate var outcome: AskOutcome? {
        switch self {
        case .sent: nil
        case .answer(let answer): .answered(answer)
        case .unreadable(let reason): .unanswered(reason: "the answer cannot be read: \(reason)")
        case .undelivered(let reason): .unanswered(reason: reason)
        }
    }
}
