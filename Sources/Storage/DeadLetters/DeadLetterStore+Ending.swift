package import CareRecord
import GRDB
package import Replication

/// A version of a record that was applied.
package struct AppliedVersion: Sendable, Hashable {
    package let source: HIEIdentifier
    package let resource: ResourceKey
    package let epoch: Epoch
    package let seq: Int64

    package init(source: HIEIdentifier, resource: ResourceKey, epoch: Epoch, seq: Int64) {
        self.source = source
        self.resource = resource
        self.epoch = epoch
        self.seq = seq
    }
}

/// Letters that end by themselves.
extension DeadLetterStore {
    private static let coveredTogetherMax = 1000

    /// A plan has begun and will say what becomes of the letter.
    private static let isUnderWay = """
        EXISTS (SELECT 1 FROM planned JOIN plan ON plan.id = planned.plan
            WHERE planned.letter = letter.id AND result IS NULL AND plan.state = 'running')
        """

    /// Resolves the parked changes of records of which something later was applied. Returns those.
    package func supersede(_ versions: [AppliedVersion], now: Timestamp) async throws(StorageError) -> [LetterNote] {
        try await file.write { database in
            let select = try PreparedStatement(
                database,
                """
                SELECT \(Self.noteColumns) FROM letter
                WHERE state = 'parked' AND source = ?1 AND resource = ?2 AND resource IS NOT NULL
                    AND (epoch < ?3 OR (epoch = ?3 AND seq < ?4))
                """)
            var ended: [LetterNote] = []
            for version in versions {
                select.bind(version.source.text, at: 1)
                select.bind(version.resource.reference, at: 2)
                select.bind(version.epoch.text, at: 3)
                select.bind(version.seq, at: 4)
                let notes = try Self.notes(select)
                try Self.resolve(
                    notes.map(\.id), .superseded, "by change \(version.seq) of the source", now: now, in: database)
                ended += notes
            }
            return ended
        }
    }

    /// Resolves the parked messages whose whole range has been applied since, from the source itself. What reached
    /// nobody is left: others may miss it.
    package func cover(
        _ source: HIEIdentifier, epoch: Epoch, watermark: Int64, now: Timestamp
    ) async throws(StorageError) -> [LetterNote] {
        // Two statements, so that each is a stretch of one index.
        let select = ["epoch < ?2", "epoch = ?2 AND rangeThrough <= ?3"].map { reach in
            """
            SELECT \(Self.noteColumns) FROM letter
            WHERE state = 'parked' AND form = 'message' AND source = ?1 AND rangeThrough IS NOT NULL AND \(reach)
                AND queue <> '\(BrokerNames.unroutedQueue)' AND NOT \(Self.isUnderWay)
            LIMIT \(Self.coveredTogetherMax)
            """
        }
        let covered = try await file.read { database in
            try select.flatMap { sql in
                let statement = try PreparedStatement(database, sql)
                statement.bind(source.text, at: 1)
                statement.bind(epoch.text, at: 2)
                statement.bind(watermark, at: 3)
                return try Self.notes(statement)
            }
        }
        guard !covered.isEmpty else { return [] }
        return try await resolve(covered, .covered, "its range has been applied since, from the source", now: now)
    }

    /// Resolves these, so far as they are parked and no plan that runs is about to say what becomes of them. Returns
    /// those.
    package func resolve(
        _ notes: [LetterNote], _ resolution: LetterResolution, _ detail: String, now: Timestamp
    ) async throws(StorageError) -> [LetterNote] {
        try await file.write { database in
            let find = try PreparedStatement(
                database, "SELECT 1 FROM letter WHERE id = ? AND \(Self.isUnderWay)")
            let notes = try notes.filter { note in
                find.bind(note.id, at: 1)
                return try find.first { $0.int(0) } == nil
            }
            let ended = try Self.resolve(notes.map(\.id), resolution, detail, now: now, in: database)
            return notes.filter { ended.contains($0.id) }
        }
    }

    /// The same for letters by their identity.
    package func resolve(
        _ identities: [LetterIdentity], _ resolution: LetterResolution, _ detail: String, now: Timestamp
    ) async throws(StorageError) -> [LetterNote] {
        try await file.write { database in
            let select = try PreparedStatement(
                database, "SELECT \(Self.noteColumns) FROM letter WHERE identity = ? AND state = 'parked'")
            var ended: [LetterNote] = []
            for identity in identities {
                select.bind(blob: identity.bytes, at: 1)
                ended += try Self.notes(select)
            }
            try Self.resolve(ended.map(\.id), resolution, detail, now: now, in: database)
            return ended
        }
    }

    /// Parks again the letters among these that a replay applied: the index has lost what it did. Returns those.
    package func reopen(_ identities: [LetterIdentity], now: Timestamp) async throws(StorageError) -> [LetterNote] {
        try await file.write { database in
            let select = try PreparedStatement(
                database,
                """
                SELECT \(Self.noteColumns) FROM letter
                WHERE identity = ? AND state = 'resolved' AND resolution = 'applied'
                """)
            let update = try PreparedStatement(
                database, "UPDATE letter SET state = 'parked', resolution = NULL, endedAt = NULL WHERE id = ?")
            var reopened: [LetterNote] = []
            for identity in identities {
                select.bind(blob: identity.bytes, at: 1)
                for note in try Self.notes(select) {
                    update.bind(note.id, at: 1)
                    try update.run()
                    let event = LetterEvent(
                        at: now, by: nil, act: "parked again", detail: "the index has lost what its replay did")
                    try LetterWriter.note(event, of: note.id, in: database)
                    reopened.append(note)
                }
            }
            return reopened
        }
    }

    /// Which of these letters stand for a change that an index lacks still, or may lack again once restored.
    package func wanting(_ identities: [LetterIdentity]) async throws(StorageError) -> Set<LetterIdentity> {
        try await file.read { database in
            let select = try PreparedStatement(
                database, "SELECT 1 FROM letter WHERE identity = ? AND state IN ('parked', 'discarded')")
            return try Set(
                identities.filter { identity in
                    select.bind(blob: identity.bytes, at: 1)
                    return try select.first { $0.int(0) } != nil
                })
        }
    }

    /// Forgets letters that ended before `moment`, at most so many; those that were edited are kept for ever. Returns
    /// how many.
    package func forget(endedBefore moment: Timestamp, max: Int) async throws(StorageError) -> Int {
        try await file.write { database in
            let delete = try PreparedStatement(
                database,
                """
                DELETE FROM letter WHERE id IN (
                    SELECT id FROM letter WHERE endedAt < ? AND isEdited = 0 ORDER BY endedAt LIMIT \(max))
                """)
            delete.bind(moment.milliseconds, at: 1)
            try delete.run()
            return database.changesCount
        }
    }

    /// Returns those that were parked.
    @discardableResult
    static func resolve(
        _ ids: [Int64], _ resolution: LetterResolution, _ detail: String, now: Timestamp, in database: Database
    ) throws -> Set<Int64> {
        let update = try PreparedStatement(
            database,
            """
            UPDATE letter SET state = 'resolved', resolution = ?2, endedAt = ?3 WHERE id = ?1 AND state = 'parked'
            """)
        var resolved: Set<Int64> = []
        for id in ids {
            update.bind(id, at: 1)
            update.bind(resolution.rawValue, at: 2)
            update.bind(now.milliseconds, at: 3)
            try update.run()
            guard database.changesCount == 1 else { continue }
            resolved.insert(id)
            let event = LetterEvent(at: now, by: nil, act: "resolved", detail: "\(resolution.rawValue): \(detail)")
            try LetterWriter.note(event, of: id, in: database)
        }
        return resolved
    }
}
