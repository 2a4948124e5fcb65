package import CareRecord
import GRDB
import NIOConcurrencyHelpers
package import Replication

/// `records.sqlite`: the resources that one HIE holds, and the journal of what the indexes learn of them.
///
/// It is the source of truth, so every commit is synced to the disk. Resources and journal change in one transaction;
/// numbers are given out without gaps; the same submission twice changes nothing.
package final class RecordStore: Sendable {
    /// A resource as it is stored now.
    package struct Stored: Sendable, Hashable {
        package let version: Int64
        package let isDeleted: Bool
        package let updatedAt: Timestamp
        /// Compact JSON; empty for a deleted resource.
        package let body: [UInt8]
    }

    static let cacheKibibytes = 8192

    /// Where the journal's head is told.
    package let head: HeadSignal
    let file: DatabaseFile
    private let shares: [Category: Share]
    private let currentEpoch: NIOLockedValueBox<Epoch>

    /// The epoch of the journal's numbering. It changes when the file turns out to be an older copy (`beginEpoch`).
    package var epoch: Epoch { currentEpoch.withLockedValue { $0 } }

    /// Opens the file, creating it with a new epoch that begins at `now` where it is missing, and brings the journal in
    /// line with `shares` where that has changed (categories not named are shared whole). `witness` is what the own
    /// index has seen of the journal: when that is more than there is, a new epoch begins.
    package init(
        path: String, shares: [Category: Share], now: Timestamp,
        witness: JournalWitness = JournalWitness(epoch: nil, through: 0)
    ) throws(StorageError) {
        self.shares = shares
        file = try DatabaseFile(
            path, durability: .full, cacheKibibytes: Self.cacheKibibytes, schema: Self.schema)
        let state = try file.writeNow { database in
            let restored = try Self.begin(database, shares: shares, now: now)
            return try Self.beginEpoch(after: witness, now: now, in: database, path: path) ?? restored
        }
        currentEpoch = NIOLockedValueBox(state.epoch)
        head = HeadSignal(head: state.head)
    }

    func adopt(_ state: JournalState) {
        currentEpoch.withLockedValue { $0 = state.epoch }
        head.renew()
    }

    /// When the present epoch began and why, where that was not the journal's first.
    package func epochNotice() async throws(StorageError) -> (begunAt: Timestamp, reason: String)? {
        try await file.read { database in
            let select = try PreparedStatement(database, "SELECT epochBegunAt, epochReason FROM journalState")
            return try select.first { row in
                row.text(1).map { (Timestamp(milliseconds: row.int(0)), $0) }
            } ?? nil
        }
    }

    /// Stores all of `operations` or, when it throws, none. Outcomes are in the order of the operations.
    package func submit(
        _ operations: [Submission.Operation], now: Timestamp
    ) async throws(StorageError) -> [RecordOutcome] {
        let shares = shares
        let (outcomes, head) = try await file.write { database in
            var writer = try RecordWriter(database, shares: shares, now: now)
            var outcomes: [RecordOutcome] = []
            outcomes.reserveCapacity(operations.count)
            for operation in operations {
                switch operation {
                case .put(let resource): outcomes.append(try writer.put(resource))
                case .delete(let key): outcomes.append(try writer.delete(key))
                }
            }
            try writer.save()
            return (outcomes, writer.journal.head)
        }
        self.head.advance(to: head)
        return outcomes
    }

    /// The resource as it stands; `nil` where there never was one.
    package func resource(_ key: ResourceKey) async throws(StorageError) -> Stored? {
        try await file.read { database in
            let select = try PreparedStatement(
                database, "SELECT version, isDeleted, updatedAt, body FROM resource WHERE type = ? AND id = ?")
            select.bind(key.type, at: 1)
            select.bind(key.id, at: 2)
            return try select.first {
                Stored(
                    version: $0.int(0), isDeleted: $0.int(1) == 1, updatedAt: Timestamp(milliseconds: $0.int(2)),
                    body: $0.bytes(3))
            }
        }
    }

    /// Resources that belong to a patient whose NHS number is not known: stored, and in no index.
    package func unlinkedCount() async throws(StorageError) -> Int {
        try await file.read { database in
            try Int.fetchOne(
                database,
                sql: """
                    SELECT count(*) FROM resource INDEXED BY resourceUnlinked
                    WHERE isDeleted = 0 AND linkedTo IS NULL AND patientID IS NOT NULL
                    """) ?? 0
        }
    }

    package func journalState() async throws(StorageError) -> JournalState {
        try await file.read { try Self.state($0) }
    }

    /// Records that everything up to `seq` was confirmed by the broker.
    ///
    /// Losing this in a power cut only publishes some changes once more, so this one commit is not synced.
    package func published(through seq: Int64) async throws(StorageError) {
        try await file.executeUnsynced(
            "UPDATE journalState SET publishedThrough = max(publishedThrough, min(head, ?))", [seq])
    }

    private static func begin(
        _ database: Database, shares: [Category: Share], now: Timestamp
    ) throws -> JournalState {
        let text = Self.text(of: shares)
        guard let kept = try String.fetchOne(database, sql: "SELECT shares FROM journalState") else {
            var generator = SystemRandomNumberGenerator()
            let epoch = Epoch(beginning: now, using: &generator)
            let insert = try PreparedStatement(
                database,
                """
                INSERT INTO journalState (id, epoch, head, publishedThrough, digest, shares) VALUES (1, ?, 0, 0, ?, ?)
                """)
            insert.bind(epoch.text, at: 1)
            insert.bind(blob: BucketDigest().bytes, at: 2)
            insert.bind(text, at: 3)
            try insert.run()
            return try state(database)
        }
        if kept != text {
            let before = Set(kept.split(separator: " "))
            let changed = Category.allCases.filter {
                !before.contains("\($0.rawValue)=\((shares[$0] ?? .entry).rawValue)")
            }
            var writer = try RecordWriter(database, shares: shares, now: now)
            try writer.rejournal(types: changed.flatMap(\.types))
            try writer.save()
            try database.execute(sql: "UPDATE journalState SET shares = ?", arguments: [text])
        }
        return try state(database)
    }

    private static func text(of shares: [Category: Share]) -> String {
        Category.allCases.map { "\($0.rawValue)=\((shares[$0] ?? .entry).rawValue)" }.joined(separator: " ")
    }

    /// What a page of the journal needs of its state, without the digest.
    static func position(_ database: Database) throws -> (epoch: Epoch, head: Int64) {
        let select = try PreparedStatement(database, "SELECT epoch, head FROM journalState")
        let position = try select.first { row in row.text(0).flatMap(Epoch.init).map { ($0, row.int(1)) } }
        guard let position = position ?? nil else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
        return position
    }

    static func state(_ database: Database) throws -> JournalState {
        let select = try PreparedStatement(
            database, "SELECT epoch, head, publishedThrough, digest FROM journalState")
        let state = try select.first { row -> JournalState? in
            guard let epoch = row.text(0).flatMap(Epoch.init), let digest = BucketDigest(bytes: row.bytes(3)) else {
                return nil
            }
            return JournalState(epoch: epoch, head: row.int(1), publishedThrough: row.int(2), digest: digest)
        }
        guard let state = state ?? nil else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
        return state
    }
}
