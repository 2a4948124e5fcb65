import AMQP
import Logging
import Storage

/// Tries a store again until it works, with the reason shown as a pause of the part that waits.
struct StorageRetry: Sendable {
    let pauses: PauseBoard
    let clock: WallClock
    let logger: Logger

    /// Tries once, for what comes round again by itself.
    func once(_ part: String, _ attempt: () async throws(StorageError) -> Void) async {
        do throws(StorageError) {
            try await attempt()
            if pauses.resume(part) { logger.notice("part.resumed", metadata: ["part": "\(part)"]) }
        } catch {
            if Task.isCancelled { return }
            if pauses.pause(part, reason: error.description, now: clock.now) {
                logger.error("part.paused", metadata: ["part": "\(part)", "reason": "\(error.description)"])
            }
        }
    }

    /// Ends early, with an error, only when the task is cancelled.
    func run<Value: Sendable>(
        _ part: String, _ attempt: @Sendable () async throws(StorageError) -> Value
    ) async throws -> Value {
        try await run(part, refusalsMax: .max, attempt).get()
    }

    /// Waits for the end of an outage as long as it takes. Where the store refuses so many times in a row for another
    /// reason (`StorageError.Code.failed`, such as a constraint), it returns that.
    func run<Value: Sendable>(
        _ part: String, refusalsMax: Int, _ attempt: @Sendable () async throws(StorageError) -> Value
    ) async throws -> Result<Value, StorageError> {
        var backOff = BackOff(first: .milliseconds(50), max: .seconds(2))
        var hasFailed = false
        var refusals = 0
        // Whoever gives up stands still no longer; the next attempt says again what is wrong.
        defer { if hasFailed { pauses.resume(part) } }
        while true {
            do throws(StorageError) {
                let value = try await attempt()
                if hasFailed {
                    logger.notice("part.resumed", metadata: ["part": "\(part)"])
                }
                return .success(value)
            } catch {
                try Task.checkCancellation()
                refusals = error.code == .failed ? refusals + 1 : 0
                if refusals >= refusalsMax { return .failure(error) }
                pauses.pause(part, reason: error.description, now: clock.now)
                if !hasFailed {
                    logger.error("part.paused", metadata: ["part": "\(part)", "reason": "\(error.description)"])
                }
                hasFailed = true
            }
            try await Task.sleep(for: backOff.next())
        }
    }
}
