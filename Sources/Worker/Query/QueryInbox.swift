import CareRecord
import NIOConcurrencyHelpers
import Replication

/// Where the answers to one query arrive, from any thread, and are judged as they come; what is to be told of them
/// waits in ``actions``. What waits is bounded: by the limits of the gathering and by the worker's budget.
final class QueryInbox: Sendable {
    private struct State {
        var gathering: Gathering
        var isAsking = true
        var bytes = 0
    }

    /// Ends when each of those who were asked has its answer.
    let actions: AsyncStream<Gathering.Action>
    private let outbox: AsyncStream<Gathering.Action>.Continuation
    private let budget: ByteBudget
    let begun = ContinuousClock.now
    private let state: NIOLockedValueBox<State>

    init(_ gathering: Gathering, budget: ByteBudget) {
        self.budget = budget
        (actions, outbox) = AsyncStream.makeStream(of: Gathering.Action.self)
        state = NIOLockedValueBox(State(gathering: gathering))
    }

    private var elapsed: Duration { ContinuousClock.now - begun }

    func ask(_ hie: HIEIdentifier, broker: String?, at now: Timestamp) {
        let elapsed = elapsed.milliseconds
        state.withLockedValue { $0.gathering.ask(hie, broker: broker, at: now, elapsed: elapsed) }
    }

    /// Nobody else will be asked.
    func asked() {
        state.withLockedValue { state in
            state.isAsking = false
            if state.gathering.isOver { outbox.finish() }
        }
    }

    func take(_ event: Gathering.Event) {
        let elapsed = elapsed.milliseconds
        state.withLockedValue { state in
            for action in state.gathering.handle(fitting(event, &state), elapsed: elapsed) { outbox.yield(action) }
            if state.gathering.isOver, !state.isAsking { outbox.finish() }
        }
    }

    /// Gives back what the query took. Returns what is still to be done where it was given up.
    func close() -> [Gathering.Action] {
        let elapsed = elapsed.milliseconds
        return state.withLockedValue { state in
            outbox.finish()
            budget.giveBack(state.bytes)
            state.bytes = 0
            return state.gathering.handle(.abandoned, elapsed: elapsed)
        }
    }

    /// The event, or that there is no room for the page that it brings.
    private func fitting(_ event: Gathering.Event, _ state: inout State) -> Gathering.Event {
        guard case .page(let hie, let page) = event, state.gathering.isAsked(hie) else { return event }
        let bytes = page.page.byteCount
        guard budget.take(bytes) else { return .noRoom(hie) }
        state.bytes += bytes
        return event
    }
}
