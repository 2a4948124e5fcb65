package import CareRecord
import GRDB
import NIOConcurrencyHelpers
package import Replication

/// `index.sqlite`: the entries of all HIEs, own ones included, and how far each source's journal is applied.
///
/// Rows, ranges and digest of a batch change in one transaction, so that a crash or a power cut takes back all or
/// nothing of it. The file may be deleted at any time (promise P7); one that is no sound database is set aside.
package final class IndexStore: Sendable {
    /// What an index kept of a source: how far it is applied, and what its last pulse said.
    package struct Kept: Sendable {
        package let source: IndexedSource
        package let freshness: Freshness
    }

    /// Of the connection that writes.
    package static let cacheKibibytes = 16_384
    /// Pages of the write-ahead log before they go into the file.
    package static let checkpointPages = DatabaseFile.checkpointPagesUsual
    /// Of each connection that reads.
    package static let readerCacheKibibytes = DatabaseFile.readerCacheKibibytes
    /// Unsound files that are kept for whoever wants to know what happened.
    static let setAsideMax = 2

    /// A file and those who read single patients of it.
    struct Opened: Sendable {
        let file: DatabaseFile
        let overwritten: Overwritten
        let lookups: LookupReaders

        init(_ path: String) throws(StorageError) {
            let overwritten = Overwritten()
            let lookups = LookupReaders()
            self.overwritten = overwritten
            self.lookups = lookups
            file = try DatabaseFile(
                path, durability: .normal, cacheKibibytes: IndexStore.cacheKibibytes,
                schema: IndexStore.schema,
                prepareWriter: { try overwritten.register(in: $0) }, onWriting: lookups.writing)
            lookups.open(path)
        }

        func close() throws {
            lookups.close()
            try file.close()
        }
    }

    private let path: String
    private let current: NIOLockedValueBox<Opened>

    var opened: Opened { current.withLockedValue { $0 } }
    var file: DatabaseFile { opened.file }
    var lookups: LookupReaders { opened.lookups }

    /// Opens the file, or sets it aside and begins another where it is no sound database; `onSetAside` is told where it
    /// went.
    package init(path: String, onSetAside: (String) -> Void = { _ in }) throws(StorageError) {
        self.path = path
        do throws(StorageError) {
            current = NIOLockedValueBox(try Opened(path))
        } catch {
            guard error.code == .corrupt else { throw error }
            onSetAside(try SetAside.move(path, keeping: Self.setAsideMax))
            current = NIOLockedValueBox(try Opened(path))
        }
    }

    /// Whether the file is where it was opened: `false` once somebody has deleted it.
    package var isInPlace: Bool { file.isInPlace }

    /// Sets the file aside, sound or not, and begins an empty one. Returns where it went.
    package func beginAnew() throws(StorageError) -> String {
        try? opened.close()
        let moved = try SetAside.move(path, keeping: Self.setAsideMax)
        let new = try Opened(path)
        current.withLockedValue { $0 = new }
        return moved
    }

    /// Ends every connection; reads and writes fail from here on.
    package func close() throws(StorageError) {
        do {
            try opened.close()
        } catch {
            throw StorageError(error, file: path)
        }
    }

    /// Applies the batches, in any order and as often as they come, in one transaction.
    package func apply(_ batches: [ChangeBatch]) async throws(StorageError) -> AppliedChanges {
        try await transaction { try $0.apply(batches) }
    }

    /// Remembers every withdrawal above the source's watermark from here on, for `replace`.
    package func keepTombstones(of hie: HIEIdentifier) async throws(StorageError) -> IndexedSource {
        try await transaction { try $0.keepTombstones(of: hie) }
    }

    package func forgetTombstones(of hie: HIEIdentifier) async throws(StorageError) -> IndexedSource {
        try await transaction { try $0.forgetTombstones(of: hie) }
    }

    /// Makes a stretch of some buckets what their source says it is. Returns how many rows were wrong.
    package func replace(
        _ page: BucketPage
    ) async throws(StorageError) -> (source: IndexedSource, mended: Int) {
        try await transaction { try $0.replace(page) }
    }

    /// Counts the entries of a source anew, in one snapshot; `nil` where nothing is held of it.
    package func difference(
        of hie: HIEIdentifier
    ) async throws(StorageError) -> (source: IndexedSource, difference: BucketDigest)? {
        try await file.read { database in
            guard let row = try SourceRow.find(hie, in: database) else { return nil }
            let transaction = IndexTransaction(try IndexFile(database))
            return (row.source, try transaction.difference(of: row.source))
        }
    }

    /// Corrects a source's digest by a difference that was found earlier.
    package func correct(
        _ hie: HIEIdentifier, epoch: Epoch?, by difference: BucketDigest
    ) async throws(StorageError) -> IndexedSource? {
        try await transaction { try $0.correct(hie, epoch: epoch, by: difference) }
    }

    /// Keeps what the pulses of the sources say, so that a restarted worker knows it at once.
    package func keep(_ freshness: [HIEIdentifier: Freshness]) async throws(StorageError) {
        try await file.write { database in
            var rows = try IndexFile(database)
            for (hie, freshness) in freshness {
                try SourceRow.save(freshness, of: try rows.source(hie).id, in: database)
            }
        }
    }

    package func source(_ hie: HIEIdentifier) async throws(StorageError) -> IndexedSource? {
        try await file.read { try SourceRow.find(hie, in: $0)?.source }
    }

    /// Every source as kept, by name.
    package func sources() async throws(StorageError) -> [HIEIdentifier: Kept] {
        try await file.read { database in
            Dictionary(
                try SourceRow.all(in: database).map { row in
                    (row.source.hie, Kept(source: row.source, freshness: row.freshness))
                }, uniquingKeysWith: { first, _ in first })
        }
    }

    func transaction<Value: Sendable>(
        _ body: @escaping @Sendable (inout IndexTransaction<IndexFile>) throws -> Value
    ) async throws(StorageError) -> Value {
        let opened = opened
        return try await opened.file.write { database in
            var transaction = IndexTransaction(try IndexFile(database, opened.overwritten))
            return try body(&transaction)
        }
    }
}
