import Foundation
import Storage

extension Baselines {
    /// Changes/s that an index takes, in messages as an outbox sends them; and upserts/s of SQLite alone, of the same
    /// rows in the same transactions: the index's table, its cache, WAL, `synchronous` NORMAL, a statement that is
    /// prepared once, and the rows of a transaction in order of the key. In turn of a few transactions each, so that
    /// both see the same machine. It leaves `index.sqlite` for ``reads(directory:seconds:)``.
    package static func writes(
        rows: Int, directory: String, seed: UInt64
    ) async throws -> (index: Double, bare: Double) {
        var feed = ChangeFeed(seed: seed, entries: rows)
        let pair = try GrowingPair(in: directory)
        let paces = try await pair.grow(&feed, to: rows, measuring: rows)
        try await pair.close()
        return (paces.index.perSecond, paces.bare.perSecond)
    }

    static func bareFile(in directory: String) throws -> BareDatabase {
        let (index, bare) = ("\(directory)/bare-schema.sqlite", "\(directory)/bare.sqlite")
        try remove(index)
        try remove(bare)
        try IndexStore(path: index).close()
        defer { try? remove(index) }
        return try BareDatabase(bare, asIn: index)
    }

    /// Removes a file of SQLite and those beside it.
    static func remove(_ path: String) throws {
        for file in [path, path + "-wal", path + "-shm"] where FileManager.default.fileExists(atPath: file) {
            try FileManager.default.removeItem(atPath: file)
        }
    }
}
