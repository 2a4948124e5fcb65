import Foundation
import LoadTest
import NIOConcurrencyHelpers
import UnixSignals

extension LoadRunCommand {
    /// How a run came to its end.
    enum Outcome: Sendable {
        case ended(LoadResult)
        case failed(any Error)
        /// With what was measured by then, if anything was, and the status of a process that such a signal ended.
        case interrupted(LoadResult?, status: Int32)
    }

    /// Runs `work`. The first signal cancels it and waits until it has cleaned up; the second ends this process, and
    /// what it started ends with it.
    static func untilSignalled(_ work: @escaping @Sendable () async throws -> LoadResult) async -> Outcome {
        let first = FirstSignal()
        return await withTaskGroup(of: Outcome?.self) { group in
            let run = Task { try await work() }  // a signal cancels it alone
            group.addTask {
                let result = await run.result
                switch (result, first.status) {
                case (.success(let result), nil): return .ended(result)
                case (.failure(let error), nil): return .failed(error)
                case (.success(let result), let status?): return .interrupted(result, status: status)
                case (.failure, let status?): return .interrupted(nil, status: status)
                }
            }
            group.addTask {
                for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) {
                    guard first.take(signal.endStatus) else { Foundation.exit(signal.endStatus) }
                    run.cancel()
                }
                return nil
            }
            while let outcome = await group.next() {
                guard let outcome else { continue }
                group.cancelAll()
                return outcome
            }
            preconditionFailure("the run's own task has an outcome")
        }
    }
}

extension UnixSignal {
    /// As a shell tells it.
    fileprivate var endStatus: Int32 {
        switch self {
        case .sigint: 130
        case .sigterm: 143
        default: 129
        }
    }
}

/// The status that the first signal asks for.
private final class FirstSignal: Sendable {
    private let state = NIOLockedValueBox<Int32?>(nil)

    var status: Int32? { state.withLockedValue { $0 } }

    /// Whether it was the first.
    func take(_ status: Int32) -> Bool {
        state.withLockedValue { state in
            guard state == nil else { return false }
            state = status
            return true
        }
    }
}
