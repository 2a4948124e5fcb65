import GRDB

/// What a commit must survive (design §5).
enum Durability: String {
    /// A power cut: every commit is synced to the disk.
    case full = "FULL"
    /// A crash of the process: the last commits may be lost in a power cut, never half of one.
    case normal = "NORMAL"

    /// SQLite's number for it (SQLite, pragma synchronous).
    var level: Int { self == .full ? 2 : 1 }
}

extension DatabasePool {
    static let busyTimeoutSeconds = 5.0
    static let readersMax = 4
    /// A reader's own cache is small: the system's page cache serves all of them.
    static let readerCacheKibibytes = 1024

    /// Opens `path` in WAL mode with that much cache for its writer, brings its schema up to date and checks that the
    /// durability asked for is in force.
    static func open(
        _ path: String, durability: Durability, cacheKibibytes: Int, migrator: DatabaseMigrator
    ) throws(StorageError) -> DatabasePool {
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(busyTimeoutSeconds)
            configuration.maximumReaderCount = readersMax
            configuration.prepareDatabase { database in
                let kibibytes = database.configuration.readonly ? readerCacheKibibytes : cacheKibibytes
                try database.execute(sql: "PRAGMA cache_size = -\(kibibytes)")
            }
            let pool = try DatabasePool(path: path, configuration: configuration)
            if try pool.read(migrator.hasBeenSuperseded) {
                throw StorageError(.laterVersion, "\(path) was written by a later version of Wherry: run that version")
            }
            try migrator.migrate(pool)
            // GRDB's own WAL set-up sets NORMAL after `prepareDatabase`, so this comes last and is checked.
            let level = try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = \(durability.rawValue)")
                return try Int.fetchOne(database, sql: "PRAGMA synchronous")
            }
            precondition(level == durability.level, "SQLite keeps the durability it was asked for")
            return pool
        } catch {
            throw StorageError(error, file: path)
        }
    }
}

extension DatabaseMigrator {
    /// A migrator whose steps are SQL scripts, oldest first; steps are only ever added.
    init(steps: [(name: String, sql: String)]) {
        self.init()
        for step in steps {
            registerMigration(step.name) { try $0.execute(sql: step.sql) }
        }
    }
}
