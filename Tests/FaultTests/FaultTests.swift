import LoadTest
import TestSupport
import Testing

/// Real workers, each a process of its own, and a real broker: what they promise while one of them fails.
///
/// One test after the other, because they share two cores and one broker, which they kill and stop.
@Suite("Faults", .serialized, .timeLimit(.minutes(5)))
struct FaultTests {}

/// The broker that these tests break; none of them leaves it broken.
actor BreakableBroker {
    static let shared = BreakableBroker()

    private var task: Task<PrivateBroker, any Error>?

    func value() async throws -> PrivateBroker {
        // Unstructured: it serves every test that asks, and must not be cancelled with the first of them.
        let task = self.task ?? Task { try await PrivateBroker.start() }
        self.task = task
        return try await task.value
    }
}
