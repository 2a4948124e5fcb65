import CRabbitMQ
import Glibc
import NIOConcurrencyHelpers

/// One thread for the process that looks after every session's thread and cuts the connection of one that is stuck.
///
/// librabbitmq waits for ever in a send that the broker does not read, in name resolution, and in a handshake.
final class Watchdog: Sendable {
    static let shared = Watchdog()

    private static let intervalMicroseconds: useconds_t = 100_000

    private struct State {
        var watched: [ObjectIdentifier: Lifeline] = [:]
        var isRunning = false
    }

    private let state = NIOLockedValueBox(State())

    func watch(_ lifeline: Lifeline) {
        let mustStart = state.withLockedValue { state in
            state.watched[ObjectIdentifier(lifeline)] = lifeline
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart { start() }
    }

    func forget(_ lifeline: Lifeline) {
        state.withLockedValue { _ = $0.watched.removeValue(forKey: ObjectIdentifier(lifeline)) }
    }

    private func start() {
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let status = pthread_create(
            &thread, &attributes,
            { _ in
                wherry_name_thread("amqp-watchdog")
                Watchdog.shared.run()
                return nil
            }, nil)
        precondition(status == 0, "no thread for the watchdog: without it a session could hang")
    }

    /// Looks ten times a second while there is anything to look after, then ends.
    private func run() {
        while true {
            let watched = state.withLockedValue { state in
                state.isRunning = !state.watched.isEmpty
                return Array(state.watched.values)
            }
            if watched.isEmpty { return }
            let now = Monotonic.now()
            for lifeline in watched where lifeline.isOverdue(at: now) {
                lifeline.cut(AMQPError(.timedOut, "\(lifeline.address) did not answer, or take data, in time"))
                lifeline.disarm()
            }
            usleep(Self.intervalMicroseconds)
        }
    }
}
