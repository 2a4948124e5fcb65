import Synchronization

/// Tells whoever listens how far a journal reaches. Listeners get the newest head; what they miss in between they can
/// read from the journal.
package final class HeadSignal: Sendable {
    private struct State {
        var head: Int64
        var lastListener = 0
        var listeners: [Int: AsyncStream<Int64>.Continuation] = [:]
    }

    private let state: Mutex<State>

    package init(head: Int64) { state = Mutex(State(head: head)) }

    package var head: Int64 { state.withLock { $0.head } }

    package func advance(to head: Int64) {
        state.withLock { state in
            guard head > state.head else { return }
            state.head = head
            for listener in state.listeners.values { listener.yield(head) }
        }
    }

    /// Tells the same head again: to whoever reads the journal it means something else now.
    package func renew() {
        state.withLock { state in
            for listener in state.listeners.values { listener.yield(state.head) }
        }
    }

    /// The head now, and then each time it has moved; ends when the listener's task is cancelled.
    package func heads() -> AsyncStream<Int64> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int64.self, bufferingPolicy: .bufferingNewest(1))
        let listener = state.withLock { state in
            state.lastListener += 1
            state.listeners[state.lastListener] = continuation
            continuation.yield(state.head)
            return state.lastListener
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: listener) }
        }
        return stream
    }
}
