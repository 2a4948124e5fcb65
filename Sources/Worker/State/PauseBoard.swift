package import CareRecord
import Synchronization

/// The parts of a worker that stand still at present, each with the reason in words.
package final class PauseBoard: Sendable {
    package struct Pause: Sendable, Hashable {
        package let part: String
        package let since: Timestamp
        package let reason: String
    }

    private let pauses = Mutex<[String: Pause]>([:])

    package init() {}

    package var all: [Pause] { pauses.withLock { $0.values.sorted { $0.part < $1.part } } }

    package func pause(_ part: String, reason: String, now: Timestamp) {
        pauses.withLock { pauses in
            pauses[part] = Pause(part: part, since: pauses[part]?.since ?? now, reason: reason)
        }
    }

    package func resume(_ part: String) {
        pauses.withLock { _ = $0.removeValue(forKey: part) }
    }
}
