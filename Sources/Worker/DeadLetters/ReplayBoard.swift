import CareRecord
import NIOConcurrencyHelpers
import Replication
import Storage

/// How the plan that runs is getting on, and the way to tell its runner something.
final class ReplayBoard: Sendable {
    struct Progress: Sendable {
        let plan: Int64
        var window = 0
        var perSecond: Double = 0
        /// Why it does not get on at present.
        var trouble: String?
    }

    private struct State {
        var progress: Progress?
        /// When how many were settled, over the last moments.
        var marks: [(at: Timestamp, settled: Int)] = []
        var listeners: [AsyncStream<Void>.Continuation] = []
    }

    private static let rateMilliseconds: Int64 = 3000

    private let state = NIOLockedValueBox(State())

    var progress: Progress? { state.withLockedValue { $0.progress } }

    /// Something changed in the file that the runner has to look at.
    func wake() {
        state.withLockedValue { state in
            for listener in state.listeners { listener.yield() }
        }
    }

    /// One element at once, and one for each `wake` after that.
    func wakes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLockedValue { $0.listeners.append(continuation) }
        continuation.yield()
        return stream
    }

    func begin(_ plan: Int64, at now: Timestamp) {
        state.withLockedValue { state in
            state.progress = Progress(plan: plan)
            state.marks = [(now, 0)]
        }
    }

    func end() {
        state.withLockedValue { state in
            state.progress = nil
            state.marks = []
        }
    }

    func note(window: Int, settled: Int, at now: Timestamp) {
        state.withLockedValue { state in
            state.progress?.window = window
            state.progress?.trouble = nil
            state.marks.append((now, settled))
            while state.marks.count > 2, let second = state.marks.dropFirst().first,
                now.since(second.at) >= Self.rateMilliseconds
            {
                state.marks.removeFirst()
            }
            guard let first = state.marks.first, now.since(first.at) > 0 else { return }
            state.progress?.perSecond = Double(settled - first.settled) * 1000 / Double(now.since(first.at))
        }
    }

    func note(trouble: String) {
        state.withLockedValue { state in
            state.progress?.trouble = trouble
            state.progress?.perSecond = 0
        }
    }
}
