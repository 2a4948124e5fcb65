package import CareRecord
import GRDB
package import Replication

/// Attempts to read a message that is suspected of ending the process (`PoisonGuard`). An attempt that came to an end,
/// well or not, is forgotten: what stays is what a run of the worker did not survive.
extension DeadLetterStore {
    /// Attempts longer ago say nothing: another version may run by now.
    static let attemptLifeMilliseconds: Int64 = 86_400_000

    static let attemptsSQL = """
        CREATE TABLE attempt (
            -- Hexadecimal digits.
            letter TEXT NOT NULL,
            -- The run of the worker that began to read it.
            run TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (letter, run)
        ) STRICT, WITHOUT ROWID;
        """

    /// Notes that this run begins to read a message. Returns how many runs did of late, this one included, without
    /// having come to an end with it. The note survives the end of the process; after a power cut nobody needs it.
    package func noteAttempt(
        on letter: LetterIdentity, run: String, now: Timestamp
    ) async throws(StorageError) -> Int {
        let name = letter.text
        try await file.executeUnsynced(
            "INSERT OR REPLACE INTO attempt (letter, run, at) VALUES (?, ?, ?)", [name, run, now.milliseconds])
        let (count, isStale) = try await file.read { database in
            let after = now.milliseconds - Self.attemptLifeMilliseconds
            let select = try PreparedStatement(
                database, "SELECT at > ?2, count(*) FROM attempt WHERE letter = ?1 GROUP BY 1")
            select.bind(name, at: 1)
            select.bind(after, at: 2)
            var counts = [0, 0]
            try select.each { row in
                counts[row.int(0) == 0 ? 0 : 1] = Int(row.int(1))
                return true
            }
            return (counts[1], counts[0] > 0)
        }
        if isStale {
            try await file.executeUnsynced(
                "DELETE FROM attempt WHERE at <= ?", [now.milliseconds - Self.attemptLifeMilliseconds])
        }
        return count
    }

    /// The message was read, or put aside, or the attempt was given up in an orderly way.
    package func forgetAttempts(on letter: LetterIdentity) async throws(StorageError) {
        try await file.executeUnsynced("DELETE FROM attempt WHERE letter = ?", [letter.text])
    }
}
