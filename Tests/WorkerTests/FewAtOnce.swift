import Synchronization
import Testing

/// Lets few tests of whole meshes run at the same time, in all suites together: each has several workers, and all share
/// two cores, one broker and the process's file descriptors.
struct FewAtOnce: SuiteTrait, TestTrait, TestScoping {
    private static let room = Room(testsMax: 4)

    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // A suite is not run itself, its tests are.
        guard testCase != nil else { return try await function() }
        await Self.room.enter()
        defer { Self.room.leave() }
        try await function()
    }
}

extension Trait where Self == FewAtOnce {
    static var fewAtOnce: Self { FewAtOnce() }
}

private final class Room: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(testsMax: Int) { state = Mutex(State(free: testsMax)) }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
