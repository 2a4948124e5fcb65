import AMQP
import CareRecord
import Logging
import Replication
import Storage

/// Puts aside what cannot be applied, with its cause, before its message is acknowledged.
struct Parking: Sendable {
    let letters: DeadLetterStore
    let coverage: CoverageBoard
    let counters: CounterBoard
    let retry: StorageRetry
    let clock: WallClock
    let logger: Logger

    /// `broker` is the link that they came over; `nil` for the own journal.
    func park(_ parked: [DeadLetter], broker: String?) async throws {
        let now = clock.now
        let counts = try await retry.run("dead letters") { () async throws(StorageError) in
            try await letters.park(parked, now: now)
            return try await letters.counts()
        }
        coverage.held(counts)
        counters.count { counters in
            for letter in parked { counters.parked[letter.rejection.cause, default: 0] += 1 }
        }
        for letter in parked {
            logger.warning(
                "message.parked",
                metadata: [
                    "cause": "\(letter.rejection.cause.rawValue)", "detail": "\(letter.rejection.detail)",
                    "source.hie": "\(letter.source?.text ?? "unknown")", "queue": "\(letter.queue)",
                ])
        }
    }
}
