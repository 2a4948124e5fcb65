import Glibc
import NIOConcurrencyHelpers
import Synchronization

/// The part of a session that any thread may touch: it ends a wait in which the session's own thread is stuck.
///
/// It holds a duplicate of the socket's descriptor, so that `shutdown(2)` reaches the connection and never a stranger
/// that was given the same number.
final class Lifeline: Sendable {
    private struct State {
        var descriptor: Int32 = -1
        var reason: AMQPError?
        var opened: Result<Void, AMQPError>?
        var waiting: CheckedContinuation<Result<Void, AMQPError>, Never>?
    }

    /// Of the broker, for error texts.
    let address: String
    private let state = NIOLockedValueBox(State())
    /// When the thread's present work is overdue, in monotonic nanoseconds; `.max` while it waits for events.
    private let limit = Atomic<UInt64>(.max)

    init(address: String) { self.address = address }

    /// Whatever the thread does from now on must be done by then.
    func arm(until deadline: UInt64) { limit.store(deadline, ordering: .relaxed) }
    func disarm() { limit.store(.max, ordering: .relaxed) }
    func isOverdue(at now: UInt64) -> Bool { limit.load(ordering: .relaxed) < now }

    /// Why the connection was cut off from outside, if it was.
    var cutReason: AMQPError? { state.withLockedValue { $0.reason } }

    /// Called with the connected socket. False when the connection was cut before.
    func hold(_ descriptor: Int32) -> Bool {
        state.withLockedValue { state in
            guard state.reason == nil else { return false }
            state.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
            return state.descriptor >= 0
        }
    }

    /// Lends the duplicate, while there is one.
    func withDescriptor(_ work: (Int32) -> Void) {
        let descriptor = state.withLockedValue { $0.descriptor }
        if descriptor >= 0 { work(descriptor) }
    }

    /// Ends the connection under the session's hands; the first reason stays.
    func cut(_ reason: AMQPError) {
        let waiting = state.withLockedValue { state in
            if state.reason == nil { state.reason = reason }
            if state.descriptor >= 0 { shutdown(state.descriptor, Int32(SHUT_RDWR)) }
            return Self.settle(&state, .failure(reason))
        }
        waiting?.resume(returning: .failure(reason))
    }

    /// The session has ended: nothing can be cut any more.
    func release() {
        disarm()
        state.withLockedValue { state in
            guard state.descriptor >= 0 else { return }
            shutdown(state.descriptor, Int32(SHUT_RDWR))
            close(state.descriptor)
            state.descriptor = -1
        }
    }

    /// Says how the opening went; only the first word counts.
    func settleOpening(_ result: Result<Void, AMQPError>) {
        state.withLockedValue { Self.settle(&$0, result) }?.resume(returning: result)
    }

    /// Suspends until the opening has succeeded, failed, or been cut.
    func opened() async -> Result<Void, AMQPError> {
        await withCheckedContinuation { continuation in
            let result = state.withLockedValue { state in
                if state.opened == nil { state.waiting = continuation }
                return state.opened
            }
            if let result { continuation.resume(returning: result) }
        }
    }

    private static func settle(
        _ state: inout State, _ result: Result<Void, AMQPError>
    ) -> CheckedContinuation<Result<Void, AMQPError>, Never>? {
        guard state.opened == nil else { return nil }
        state.opened = result
        defer { state.waiting = nil }
        return state.waiting
    }
}
