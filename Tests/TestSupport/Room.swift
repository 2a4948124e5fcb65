import NIOConcurrencyHelpers

/// Lets so many in at once; the others wait.
///
/// What opens many files needs one: with more than some 1,300 of them open, starting a process was seen to crash within
/// Foundation, which takes the whole test process with it.
package final class Room: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: NIOLockedValueBox<State>

    package init(placesMax: Int) { state = NIOLockedValueBox(State(free: placesMax)) }

    package func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLockedValue { state in
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

    package func leave() {
        let next = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
