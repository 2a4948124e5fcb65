import Foundation
import Storage

extension Baselines {
    /// Upserts/s of SQLite alone: the index's table, its cache, WAL, `synchronous` NORMAL, a statement that is prepared
    /// once, and the rows of a transaction in order of the key.
    package static func sqlite(rows: Int, directory: String, seed: UInt64) async throws -> Double {
        let writer = try BareWriter(try bareFile(in: directory))
        return try await write(rows, seed) { try writer.write($0.rows) }
    }

    /// Changes/s that an index takes: the same rows in the same transactions, in messages as an outbox sends them. It
    /// leaves `index.sqlite` for ``reads(directory:seconds:)``.
    package static func indexWrites(rows: Int, directory: String, seed: UInt64) async throws -> Double {
        let index = try freshIndex(in: directory)
        let rate = try await write(rows, seed) { _ = try await index.apply($0.batches) }
        try index.close()
        return rate
    }

    /// Both of the above, in turn of a few transactions each, so that both see the same machine.
    package static func writes(
        rows: Int, directory: String, seed: UInt64
    ) async throws -> (index: Double, bare: Double) {
        var feed = ChangeFeed(seed: seed, entries: rows)
        let pair = try GrowingPair(in: directory)
        let paces = try await pair.grow(&feed, to: rows, measuring: rows)
        try await pair.close()
        return (paces.index.perSecond, paces.bare.perSecond)
    }

    /// Only `write` is timed; what it writes is made before.
    private static func write(
        _ rows: Int, _ seed: UInt64, _ write: (ChangeFeed.Transaction) async throws -> Void
    ) async throws -> Double {
        var feed = ChangeFeed(seed: seed, entries: rows)
        feed.grow(to: rows, mixing: rows)
        var seconds = 0.0
        while feed.waiting > 0 {
            let transaction = feed.next()
            seconds += try await Self.seconds { try await write(transaction) }
        }
        return seconds > 0 ? Double(rows) / seconds : 0
    }

    static func bareFile(in directory: String) throws -> BareDatabase {
        let (index, bare) = ("\(directory)/bare-schema.sqlite", "\(directory)/bare.sqlite")
        try remove(index)
        try remove(bare)
        try IndexStore(path: index).close()
        defer { try? remove(index) }
        return try BareDatabase(bare, asIn: index)
    }

    static func freshIndex(in directory: String) throws -> IndexStore {
        let path = "\(directory)/index.sqlite"
        try remove(path)
        return try IndexStore(path: path)
    }

    /// Removes a file of SQLite and those beside it.
    static func remove(_ path: String) throws {
        for file in [path, path + "-wal", path + "-shm"] where FileManager.default.fileExists(atPath: file) {
            try FileManager.default.removeItem(atPath: file)
        }
    }
}
