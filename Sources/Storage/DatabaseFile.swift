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

/// One SQLite file in WAL mode, whose errors are said in words.
struct DatabaseFile: Sendable {
    static let busyTimeoutSeconds = 5.0
    /// Pages of the write-ahead log after which they go into the file (SQLite, pragma wal_autocheckpoint).
    static let checkpointPagesUsual = 1000
    static let readersMax = 4
    /// A reader's own cache is small: the system's page cache serves all of them.
    static let readerCacheKibibytes = 1024

    let path: String
    private let pool: DatabasePool
    private let identity: FileIdentity?
    private let onWriting: @Sendable (Bool) -> Void

    /// Whether the file still has its name: one that was deleted goes on until its last connection ends.
    var isInPlace: Bool { FileIdentity(path) == identity }

    /// Opens the file with that much cache for its writer, brings its schema up to date and checks that the durability
    /// asked for is in force. `prepareWriter` is told of the connection that writes before anything is done with it,
    /// `onWriting` before each transaction, and with `false` after it.
    init(
        _ path: String, durability: Durability, cacheKibibytes: Int, checkpointPages: Int = checkpointPagesUsual,
        schema: [SchemaStep], prepareWriter: @escaping @Sendable (Database) throws -> Void = { _ in },
        onWriting: @escaping @Sendable (Bool) -> Void = { _ in }
    ) throws(StorageError) {
        self.path = path
        self.onWriting = onWriting
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(Self.busyTimeoutSeconds)
            configuration.maximumReaderCount = Self.readersMax
            configuration.prepareDatabase { database in
                let kibibytes = database.configuration.readonly ? Self.readerCacheKibibytes : cacheKibibytes
                try database.execute(sql: "PRAGMA cache_size = -\(kibibytes)")
                if !database.configuration.readonly { try prepareWriter(database) }
            }
            pool = try DatabasePool(path: path, configuration: configuration)
            let migrator = DatabaseMigrator(steps: schema)
            if try pool.read(migrator.hasBeenSuperseded) {
                throw StorageError(.laterVersion, "\(path) was written by a later version of Wherry: run that version")
            }
            try migrator.migrate(pool)
            // GRDB's own WAL set-up sets NORMAL after `prepareDatabase`, so this comes last and is checked.
            let level = try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = \(durability.rawValue)")
                try database.execute(sql: "PRAGMA wal_autocheckpoint = \(checkpointPages)")
                return try Int.fetchOne(database, sql: "PRAGMA synchronous")
            }
            precondition(level == durability.level, "SQLite keeps the durability it was asked for")
            identity = FileIdentity(path)
        } catch {
            throw StorageError(error, file: path)
        }
    }

    /// Ends every connection; reads and writes fail from here on.
    func close() throws { try pool.close() }

    /// Reads one snapshot.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StorageError) -> Value {
        try await inWords { try await pool.read(body) }
    }

    /// Runs `body` in a transaction: all of it or, when it throws, nothing.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StorageError) -> Value {
        try await inWords {
            try await pool.writeWithoutTransaction { [onWriting] database in
                onWriting(true)
                defer { onWriting(false) }
                // Statements that are kept: GRDB would have them parsed for every transaction.
                try PreparedStatement(database, "BEGIN IMMEDIATE").run()
                do {
                    let value = try body(database)
                    try PreparedStatement(database, "COMMIT").run()
                    return value
                } catch {
                    try? database.rollback()
                    throw error
                }
            }
        }
    }

    /// The same on the calling thread, for the start.
    func writeNow<Value>(_ body: (Database) throws -> Value) throws(StorageError) -> Value {
        do {
            return try pool.write(body)
        } catch {
            throw StorageError(error, file: path)
        }
    }

    /// Runs one statement whose commit need not survive a power cut, in a file whose other commits must.
    func executeUnsynced(_ sql: String, _ arguments: StatementArguments) async throws(StorageError) {
        try await inWords {
            try await pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = \(Durability.normal.rawValue)")
                let outcome = Result { try database.execute(sql: sql, arguments: arguments) }
                try database.execute(sql: "PRAGMA synchronous = \(Durability.full.rawValue)")
                try outcome.get()
            }
        }
    }

    private func inWords<Value>(_ body: () async throws -> Value) async throws(StorageError) -> Value {
        do {
            return try await body()
        } catch {
            throw StorageError(error, file: path)
        }
    }
}

extension DatabaseMigrator {
    /// A migrator of these steps, oldest first.
    init(steps: [SchemaStep]) {
        self.init()
        for step in steps {
            registerMigration(step.name) { database in
                try database.execute(sql: step.sql)
                try step.finish(database)
            }
        }
    }
}

/// One step of a file's schema: SQL, and what SQL cannot do. Steps are only ever added.
struct SchemaStep: Sendable {
    let name: String
    let sql: String
    let finish: @Sendable (Database) throws -> Void

    init(_ name: String, _ sql: String, then finish: @escaping @Sendable (Database) throws -> Void = { _ in }) {
        self.name = name
        self.sql = sql
        self.finish = finish
    }
}
