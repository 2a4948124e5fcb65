import AMQP
import CareRecord
import Replication
import Synchronization
import Topology

/// What became of a question.
enum AskOutcome: Sendable, Equatable {
    case answered(Answer)
    /// In words, for an operator.
    case unanswered(reason: String)
}

/// The questions that are on their way to other HIEs: which broker carries them, and who waits for the answers.
///
/// Every question ends: with its answer, when its time is over, or with the session that carried it.
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
    private let clock: WallClock
    private let state = Mutex(State())

    init(
        hie: HIEIdentifier, run: WorkerRun, topology: TopologyBoard, timeoutMilliseconds: Int64, brokers: BrokerBoard,
        counters: CounterBoard, clock: WallClock
    ) {
        self.hie = hie
        self.run = run
        self.topology = topology
        self.timeoutMilliseconds = timeoutMilliseconds
        self.brokers = brokers
        self.counters = counters
        self.clock = clock
    }

    func ask(_ subject: Question.Subject, of source: HIEIdentifier) async -> AskOutcome {
        counters.count { $0.questionsAsked += 1 }
        let outcome = await exchange(subject, source)
        if case .unanswered = outcome { counters.count { $0.questionsUnanswered += 1 } }
        return outcome
    }

    func open(_ way: QuestionWay, on link: BrokerLink) {
        state.withLock { $0.ways[link.name] = way }
    }

    /// The session of the link has ended: nobody will answer over it any more.
    func close(_ link: BrokerLink) {
        let ids = state.withLock { state in
            state.ways[link.name] = nil
            return state.asked.filter { $0.value.link == link.name }.keys
        }
        for id in ids { end(id, .unanswered(reason: "the connection to broker \(link.name) ended")) }
    }

    /// An answer arrived. Returns whether that source was asked that question and somebody still waits.
    @discardableResult
    func settle(_ id: String, from source: HIEIdentifier, _ outcome: AskOutcome) -> Bool {
        guard state.withLock({ $0.asked[id]?.source == source }) else { return false }
        return end(id, outcome)
    }

    private func exchange(_ subject: Question.Subject, _ source: HIEIdentifier) async -> AskOutcome {
        guard let (id, link, way) = begin(source) else { return .unanswered(reason: reasonNotToAsk(source)) }
        let question = Question(
            asker: hie, run: run, id: id, subject: subject, lifetimeMilliseconds: timeoutMilliseconds)
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                if let reason = await way.send(question, to: source, sentAt: self.clock.now) {
                    self.end(id, .unanswered(reason: "broker \(link): \(reason)"))
                }
            }
            group.addTask {
                try? await Task.sleep(for: .milliseconds(self.timeoutMilliseconds))
                self.end(id, .unanswered(reason: "no answer within \(self.timeoutMilliseconds / 1000) s"))
            }
            let outcome = await outcome(of: id)
            group.cancelAll()
            return outcome
        }
    }

    private func begin(_ source: HIEIdentifier) -> (id: String, link: String, way: QuestionWay)? {
        guard let link = topology.present.link(to: source)?.name else { return nil }
        return state.withLock { state in
            guard let way = state.ways[link] else { return nil }
            state.lastNumber += 1
            let id = "\(hie)/\(run.text)/\(state.lastNumber)"
            state.asked[id] = Asked(source: source, link: link, end: .open)
            return (id, link, way)
        }
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
                let reached = state.withLock { state -> AskOutcome? in
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
            end(id, .unanswered(reason: "the worker stops"))
        }
    }

    /// Returns whether the question was still open.
    @discardableResult
    private func end(_ id: String, _ outcome: AskOutcome) -> Bool {
        let (isNews, waiter) = state.withLock { state -> (Bool, CheckedContinuation<AskOutcome, Never>?) in
            switch state.asked[id]?.end {
            case nil, .reached: return (false, nil)
            case .open:
                state.asked[id]?.end = .reached(outcome)
                return (true, nil)
            case .awaited(let continuation):
                state.asked[id] = nil
                return (true, continuation)
            }
        }
        waiter?.resume(returning: outcome)
        return isNews
    }
}
