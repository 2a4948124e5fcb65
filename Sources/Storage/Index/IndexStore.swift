package import CareRecord
import GRDB
package import Replication

/// `index.sqlite`: the entries of all HIEs, own ones included, and how far each source's journal is applied.
///
/// Rows, ranges and digest of a batch change in one transaction, so that a crash or a power cut takes back all or
/// nothing of it. The file may be deleted at any time (promise P7).
package final class IndexStore: Sendable {
    /// What one transaction did.
    package struct Applied: Sendable, Hashable {
        /// How far each source that was touched is now.
        package var progress: [HIEIdentifier: SourceProgress] = [:]
        /// Changes that changed something.
        package var appliedBySource: [HIEIdentifier: Int] = [:]
        /// Changes that were there already, in this version or a later one.
        package var superseded = 0
        /// Batches of an epoch that is over.
        package var stale = 0
        /// Sources of which everything was replaced because their journal began a new epoch.
        package var replaced: [HIEIdentifier] = []
    }

    static let cacheKibibytes = 16_384

    let file: DatabaseFile

    package init(path: String) throws(StorageError) {
        file = try DatabaseFile(
            path, durability: .normal, cacheKibibytes: Self.cacheKibibytes, schema: Self.schema)
    }

    /// Applies the batches, in any order and as often as they come, in one transaction.
    package func apply(_ batches: [ChangeBatch]) async throws(StorageError) -> Applied {
        try await file.write { database in
            var applied = Applied()
            var sources = try Self.sources(of: batches, in: database)
            var due: [(source: HIEIdentifier, change: Change)] = []
            for batch in batches {
                guard var source = sources[batch.source] else { continue }
                switch source.progress.verdict(epoch: batch.epoch, after: batch.after, through: batch.through) {
                case .stale:
                    applied.stale += 1
                    continue
                case .duplicate:
                    applied.superseded += batch.changes.count
                    continue
                case .replace:
                    if source.progress.epoch != nil {
                        applied.replaced.append(batch.source)
                        due.removeAll { $0.source == batch.source }
                    }
                    try Self.clear(&source, beginning: batch.epoch, in: database)
                    sources[batch.source] = source
                case .apply:
                    break
                }
                for change in batch.changes where !source.progress.applied.contains(change.seq) {
                    due.append((batch.source, change))
                }
            }
            try Self.apply(due, to: &sources, in: database, counting: &applied)
            for batch in batches { sources[batch.source]?.note(batch) }
            for source in sources.values {
                try Self.sweep(source, in: database)
                try source.saveProgress(in: database)
                applied.progress[source.hie] = source.progress
            }
            return applied
        }
    }

    /// Keeps what the pulses of the sources say, so that a restarted worker knows it at once.
    package func keep(_ freshness: [HIEIdentifier: Freshness]) async throws(StorageError) {
        try await file.write { database in
            for (hie, freshness) in freshness {
                let source = try SourceRow.of(hie, in: database)
                let update = try PreparedStatement(
                    database, "UPDATE source SET head = ?, heardAt = ?, asOf = ? WHERE id = ?")
                update.bind(freshness.head, at: 1)
                update.bind(freshness.heardAt?.milliseconds, at: 2)
                update.bind(freshness.asOf?.milliseconds, at: 3)
                update.bind(source.id, at: 4)
                try update.run()
            }
        }
    }

    /// How far each source is applied and what its last pulse said, as kept.
    package func sources() async throws(StorageError) -> [HIEIdentifier: (
        progress: SourceProgress, freshness: Freshness
    )] {
        try await file.read { database in
            Dictionary(
                uniqueKeysWithValues: try SourceRow.all(in: database).map { row in
                    (row.hie, (row.progress, Freshness(head: row.head, heardAt: row.heardAt, asOf: row.asOf)))
                })
        }
    }

    private static func sources(of batches: [ChangeBatch], in database: Database) throws -> [HIEIdentifier: SourceRow] {
        var sources: [HIEIdentifier: SourceRow] = [:]
        for batch in batches where sources[batch.source] == nil {
            sources[batch.source] = try SourceRow.of(batch.source, in: database)
        }
        return sources
    }

    /// In order of the key, so that neighbouring rows are written while their page is at hand.
    private static func apply(
        _ due: [(source: HIEIdentifier, change: Change)], to sources: inout [HIEIdentifier: SourceRow],
        in database: Database, counting applied: inout Applied
    ) throws {
        let writer = try EntryWriter(database)
        let ordered = due.sorted { ($0.change.key.patient, $0.change.seq) < ($1.change.key.patient, $1.change.seq) }
        for (hie, change) in ordered {
            guard var source = sources.removeValue(forKey: hie) else { continue }
            if try writer.apply(change, to: &source) {
                applied.appliedBySource[hie, default: 0] += 1
            } else {
                applied.superseded += 1
            }
            sources[hie] = source
        }
    }

    private static func clear(_ source: inout SourceRow, beginning epoch: Epoch, in database: Database) throws {
        if source.progress.epoch != nil {
            for table in ["entry", "tombstone"] {
                let delete = try PreparedStatement(database, "DELETE FROM \(table) WHERE source = ?")
                delete.bind(source.id, at: 1)
                try delete.run()
            }
        }
        source.progress.replace(with: epoch)
        source.digest = BucketDigest()
    }

    /// Forgets the tombstones that the watermark has passed.
    private static func sweep(_ source: SourceRow, in database: Database) throws {
        let delete = try PreparedStatement(database, "DELETE FROM tombstone WHERE source = ? AND seq <= ?")
        delete.bind(source.id, at: 1)
        delete.bind(source.progress.applied.watermark, at: 2)
        try delete.run()
    }
}

extension SourceRow {
    /// The batch's rows are written: its range is applied.
    fileprivate mutating func note(_ batch: ChangeBatch) {
        guard batch.epoch == progress.epoch else { return }
        progress.apply(after: batch.after, through: batch.through)
    }
}
