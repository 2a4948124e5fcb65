import AMQP
import CareRecord
import Logging
import Replication
import Storage

/// Puts aside what cannot be applied, with its cause, before its message is acknowledged.
struct Parking: Sendable {
    let letters: DeadLetterStore
    let held: HeldBoard
    let counters: CounterBoard
    let retry: StorageRetry
    let clock: WallClock
    let logger: Logger

    /// `broker` is the one that the letters were taken from.
    func park(_ parked: [DeadLetter], broker: String?) async throws {
        let now = clock.now
        let notes = try await retry.run("dead letters") { () async throws(StorageError) in
            try await letters.park(parked, broker: broker, now: now)
        }
        held.add(notes)
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
