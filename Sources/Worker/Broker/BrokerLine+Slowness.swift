import AMQP
import CareRecord
import Logging
import Topology

/// When a broker counts as slow.
package struct Slowness: Sendable {
    /// How often it is asked.
    package var intervalMilliseconds: Int64 = 5000
    /// Of an answer.
    package var slowAfterMilliseconds: Int64 = 2000
}

extension BrokerLine {
    /// Asks the broker for something that costs it nothing, again and again, and shows by the time that takes whether
    /// it, or the way to it, is slow. Ends with the session, or when the task is cancelled.
    func watchSlowness(_ session: Session, _ slowness: Slowness) async throws {
        while true {
            try await Task.sleep(for: .milliseconds(slowness.intervalMilliseconds))
            let startedAt = ContinuousClock.now
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await Task.sleep(for: .milliseconds(slowness.slowAfterMilliseconds))
                    setSlow("has not answered for", slowness.slowAfterMilliseconds)
                }
                defer { group.cancelAll() }
                try await session.inspectExchange(Self.exchangeOfEveryBroker)
            }
            let milliseconds = Int64((ContinuousClock.now - startedAt) / .milliseconds(1))
            if milliseconds < slowness.slowAfterMilliseconds {
                if setSlow(nil) { logger.notice("broker.prompt", metadata: metadata()) }
            } else {
                setSlow("answered after", milliseconds)
            }
        }
    }

    private func setSlow(_ what: String, _ milliseconds: Int64) {
        let tenths = (milliseconds + 50) / 100
        let reason = "the broker, or the way to it, is slow: it \(what) \(tenths / 10).\(tenths % 10) s"
        if setSlow(reason) { logger.warning("broker.slow", metadata: metadata(reason: reason)) }
    }

    private func setSlow(_ reason: String?) -> Bool {
        board.setSlow(reason, broker: begun.name, role: role, now: clock.now)
    }

    private static let exchangeOfEveryBroker = "amq.direct"
}
