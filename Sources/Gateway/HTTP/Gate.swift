import NIOConcurrencyHelpers

/// Lets so many through at once, and so many wait for so long. What cannot wait is told so at once.
final class Gate: Sendable {
    struct Busy: Error {
        let what: String
    }

    private struct State {
        var free: Int
        var nextID = 0
        /// In the order of their coming.
        var waiting: [(id: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    }

    private let what: String
    private let waitingMax: Int
    private let waitSecondsMax: Int
    private let state: NIOLockedValueBox<State>

    /// `what` is what there is too much of, for the one who is turned away.
    init(_ what: String, places: Int, waitingMax: Int, waitSecondsMax: Int) {
        self.what = what
        self.waitingMax = waitingMax
        self.waitSecondsMax = waitSecondsMax
        state = NIOLockedValueBox(State(free: places))
    }

    /// Runs `work` in a place; throws ``Busy`` when none came free.
    @discardableResult
    func pass<Value: Sendable>(_ work: () async throws -> Value) async throws -> Value {
        try await enter()
        defer { leave() }
        return try await work()
    }

    private func enter() async throws {
        if takesFreePlace() { return }
        let id = state.withLockedValue { state in
            state.nextID += 1
            return state.nextID
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await Task.sleep(for: .seconds(self.waitSecondsMax))
                self.endWait(id, with: Busy(what: self.what))
            }
            defer { group.cancelAll() }
            // Only this says whether there is a place, so that none is taken and forgotten.
            try await self.wait(id)
        }
    }

    private func takesFreePlace() -> Bool {
        state.withLockedValue { state in
            guard state.free > 0 else { return false }
            state.free -= 1
            return true
        }
    }

    private func wait(_ id: Int) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLockedValue { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.free > 0 {
                        state.free -= 1
                        return .success(())
                    }
                    if state.waiting.count >= waitingMax { return .failure(Busy(what: what)) }
                    state.waiting.append((id, continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            endWait(id, with: CancellationError())
        }
    }

    private func endWait(_ id: Int, with error: any Error) {
        let waiter = state.withLockedValue { state in
            state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0).continuation }
        }
        waiter?.resume(throwing: error)
    }

    private func leave() {
        let next = state.withLockedValue { state -> CheckedContinuation<Void, any Error>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume()
    }
}
