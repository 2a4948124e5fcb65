package import CareRecord
import NIOConcurrencyHelpers

/// The parts of a worker that stand still at present, each with the reason in words.
package final class PauseBoard: Sendable {
    package struct Pause: Sendable, Hashable {
        package let part: String
        package let since: Timestamp
        package let reason: String
    }

    private let pauses = NIOLockedValueBox<[String: Pause]>([:])

    package init() {}

    package var all: [Pause] { pauses.withLockedValue { $0.values.sorted { $0.part < $1.part } } }

    /// Returns whether that is news.
    @discardableResult
    package func pause(_ part: String, reason: String, now: Timestamp) -> Bool {
        pauses.withLockedValue { pauses in
            let before = pauses.updateValue(
                Pause(part: part, since: pauses[part]?.since ?? now, reason: reason), forKey: part)
            return before == nil
        }
    }

    /// Returns whether that is news.
    @discardableResult
    package func resume(_ part: String) -> Bool {
        pauses.withLockedValue { $0.removeValue(forKey: part) != nil }
    }
}
