import NIOConcurrencyHelpers

/// A value that keeps changing, and whoever follows it. A listener gets the newest; what changed in between it misses.
package final class Latest<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var lastListener = 0
        var listeners: [Int: AsyncStream<Value>.Continuation] = [:]
    }

    private let state: NIOLockedValueBox<State>

    package init(_ value: Value) { state = NIOLockedValueBox(State(value: value)) }

    package var value: Value { state.withLockedValue { $0.value } }

    /// Listeners are told when `change` says that there is something to tell.
    package func update(_ change: (inout Value) -> Bool) {
        state.withLockedValue { state in
            guard change(&state.value) else { return }
            for listener in state.listeners.values { listener.yield(state.value) }
        }
    }

    /// The value now, and then each time it has changed; ends when the listener's task is cancelled.
    package func values() -> AsyncStream<Value> {
        let (stream, continuation) = AsyncStream.makeStream(of: Value.self, bufferingPolicy: .bufferingNewest(1))
        let listener = state.withLockedValue { state in
            state.lastListener += 1
            state.listeners[state.lastListener] = continuation
            continuation.yield(state.value)
            return state.lastListener
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLockedValue { _ = $0.listeners.removeValue(forKey: listener) }
        }
        return stream
    }
}
