import CareRecord
import Replication
import Storage

/// Writes down which suspicious message is being read, so that the next run of the worker knows which one this run did
/// not survive.
struct PoisonWatch: Sendable {
    private static let part = "dead letters"

    let letters: DeadLetterStore
    let retry: StorageRetry
    /// This run of the worker.
    let run: String
    let clock: WallClock

    /// To be called before a message is read. Returns why it is not to be read any more.
    func begin(_ letter: LetterIdentity) async throws -> Rejection? {
        let now = clock.now
        let attempts = try await retry.run(Self.part) { () async throws(StorageError) in
            try await letters.noteAttempt(on: letter, run: run, now: now)
        }
        return PoisonGuard.rejection(attempts: attempts)
    }

    /// To be called when the process has survived it, whatever came of it.
    func end(_ letter: LetterIdentity) async throws {
        try await retry.run(Self.part) { () async throws(StorageError) in try await letters.forgetAttempts(on: letter) }
    }
}
