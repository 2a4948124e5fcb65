/// Something took longer than it may.
struct DeadlineExceeded: Error {}

/// Runs `work` and cancels it after so many seconds; then throws ``DeadlineExceeded``.
func withDeadline<Value: Sendable>(
    seconds: Int, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask(operation: work)
        group.addTask {
            try await Task.sleep(for: .seconds(seconds))
            throw DeadlineExceeded()
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}
