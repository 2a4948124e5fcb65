import Synchronization

/// The topology that is in force.
final class TopologyBoard: Sendable {
    private struct State {
        var present: MeshView
        var lastListener = 0
        var listeners: [Int: AsyncStream<MeshView>.Continuation] = [:]
    }

    private let state: Mutex<State>

    init(_ view: MeshView) { state = Mutex(State(present: view)) }

    var present: MeshView { state.withLock { $0.present } }

    func take(_ view: MeshView) {
        state.withLock { state in
            state.present = view
            for listener in state.listeners.values { listener.yield(view) }
        }
    }

    /// The one in force, and then each that follows it: the newest, where several did. Ends when the listener's task is
    /// cancelled.
    func views() -> AsyncStream<MeshView> {
        let (stream, continuation) = AsyncStream.makeStream(of: MeshView.self, bufferingPolicy: .bufferingNewest(1))
        let listener = state.withLock { state in
            state.lastListener += 1
            state.listeners[state.lastListener] = continuation
            continuation.yield(state.present)
            return state.lastListener
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: listener) }
        }
        return stream
    }
}
