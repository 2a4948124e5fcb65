import CareRecord
import GRDBSQLite
import NIOConcurrencyHelpers

/// Connections that read one patient's entries on the thread of whoever asks.
///
/// A lookup reads a few pages that neighbour each other, in some ten microseconds; to hand it to a queue and back costs
/// several times that, and many times on a busy machine. What could take long is left to the pool of
/// ``DatabaseFile``: a long record, an error, more lookups at once than there are connections here (decision 13).
final class LookupReaders: Sendable {
    static let readersMax = 4
    /// A patient with more entries than this is not read here.
    static let entriesMax = 1000
    /// So much room is made at once.
    static let entriesUsual = 32

    private struct State {
        var idle: [LookupReader] = []
        var isClosed = false
        var isWriting = false
        /// Transactions that began.
        var writes = 0
    }

    private let state = NIOLockedValueBox(State())

    /// Reads the index at this path from now on. A connection that cannot be opened is one less.
    func open(_ path: String) {
        let readers = (0..<Self.readersMax).compactMap { _ in LookupReader(path) }
        state.withLockedValue { $0.idle = readers }
    }

    /// To be told before a transaction begins that writes, and when it is over. As long as nobody writes a connection
    /// keeps its snapshot from one lookup to the next, which is then still the newest: to begin and to end one costs
    /// four system calls, and a lock of all connections. While somebody writes none is kept, for SQLite begins its log
    /// anew only when nobody reads.
    func writing(_ isWriting: Bool) {
        state.withLockedValue { state in
            state.isWriting = isWriting
            guard isWriting else { return }
            state.writes += 1
            for reader in state.idle { reader.letGo() }
        }
    }

    /// The patient's entries; `nil` where the pool is to be asked.
    func entries(of patient: NHSNumber) -> [IndexedEntry]? {
        var decoder = EntryDecoder()
        var entries: [IndexedEntry] = []
        entries.reserveCapacity(Self.entriesUsual)
        let isRead = rows(of: patient) { row in
            guard let entry = decoder.entry(row) else { return false }
            entries.append(entry)
            return true
        }
        return isRead ? entries : nil
    }

    /// Hands the patient's rows to `take`, by source and resource type, until it returns `false`. Returns `false` where
    /// these were not all: then what was taken is to be forgotten and the pool to be asked.
    func rows(of patient: NHSNumber, _ take: (borrowing EntryRow) -> Bool) -> Bool {
        let (taken, writes) = state.withLockedValue { ($0.idle.popLast(), $0.writes) }
        guard let reader = taken else { return false }
        defer { putBack(reader, writes) }
        return reader.rows(of: patient, take)
    }

    private func putBack(_ reader: LookupReader, _ writes: Int) {
        let isCurrent = state.withLockedValue { state in
            guard !state.isWriting, state.writes == writes else { return false }
            if !state.isClosed { state.idle.append(reader) }
            return true
        }
        if isCurrent { return }
        reader.letGo()
        state.withLockedValue { state in
            if !state.isClosed { state.idle.append(reader) }
        }
    }

    /// Ends every connection, those in use when they are done.
    func close() {
        state.withLockedValue { state in
            state.isClosed = true
            state.idle = []
        }
    }
}

/// One connection, with the one statement that it runs. Its snapshot is kept until it is let go, and used for so long
/// that whoever changes the file from outside is not overlooked.
private final class LookupReader: @unchecked Sendable {  // one caller at a time has it, out of the idle ones
    private let connection: OpaquePointer
    private let select: OpaquePointer
    private let selectSource: OpaquePointer
    private let begin: OpaquePointer
    private let commit: OpaquePointer
    private var hasSnapshot = false
    private var begunAt = ContinuousClock.now
    /// By the number of their rows: a source keeps its number as long as the file lives.
    private var sources: [Int64: HIEIdentifier] = [:]
    /// Rows come by source.
    private var latest: (number: Int64, hie: HIEIdentifier)?
    private var categories = Remembered<Category>()

    init?(_ path: String) {
        var opened: OpaquePointer?
        let isOpen = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil) == SQLITE_OK
        let select = Self.prepare(
            opened, "SELECT \(EntryRow.columns) FROM entry WHERE patient = ? LIMIT \(LookupReaders.entriesMax + 1)")
        let selectSource = Self.prepare(opened, "SELECT hie FROM source WHERE id = ?")
        let begin = Self.prepare(opened, "BEGIN")
        let commit = Self.prepare(opened, "COMMIT")
        let pragma = "PRAGMA cache_size = -\(DatabaseFile.readerCacheKibibytes)"
        guard isOpen, let opened, let select, let selectSource, let begin, let commit,
            sqlite3_exec(opened, pragma, nil, nil, nil) == SQLITE_OK
        else {
            for statement in [select, selectSource, begin, commit] { sqlite3_finalize(statement) }
            sqlite3_close_v2(opened)
            return nil
        }
        connection = opened
        self.select = select
        self.selectSource = selectSource
        self.begin = begin
        self.commit = commit
    }

    deinit {
        for statement in [select, selectSource, begin, commit] { sqlite3_finalize(statement) }
        sqlite3_close_v2(connection)
    }

    func letGo() {
        guard hasSnapshot else { return }
        hasSnapshot = false
        sqlite3_step(commit)
        sqlite3_reset(commit)
    }

    private static let snapshotLife = Duration.milliseconds(10)

    /// `false` where there are too many, and where anything is not as it should be: the pool finds the same, and tells.
    func rows(of patient: NHSNumber, _ take: (borrowing EntryRow) -> Bool) -> Bool {
        let now = ContinuousClock.now
        if hasSnapshot, now - begunAt > Self.snapshotLife { letGo() }
        if !hasSnapshot {
            sqlite3_step(begin)
            sqlite3_reset(begin)
            hasSnapshot = true
            begunAt = now
        }
        if read(patient, take) { return true }
        letGo()
        return false
    }

    private func read(_ patient: NHSNumber, _ take: (borrowing EntryRow) -> Bool) -> Bool {
        defer { sqlite3_reset(select) }
        sqlite3_bind_int64(select, 1, patient.value)
        for _ in 0...LookupReaders.entriesMax {
            switch sqlite3_step(select) {
            case SQLITE_DONE: return true
            case SQLITE_ROW:
                guard let source = source(sqlite3_column_int64(select, 0)),
                    let row = EntryRow(select, of: source, &categories), take(row)
                else { return false }
            default: return false
            }
        }
        return false
    }

    private func source(_ number: Int64) -> HIEIdentifier? {
        if let latest, latest.number == number { return latest.hie }
        guard let hie = sources[number] ?? readSource(number) else { return nil }
        latest = (number, hie)
        return hie
    }

    private func readSource(_ number: Int64) -> HIEIdentifier? {
        defer { sqlite3_reset(selectSource) }
        sqlite3_bind_int64(selectSource, 1, number)
        guard sqlite3_step(selectSource) == SQLITE_ROW, let text = sqlite3_column_text(selectSource, 0),
            let found = HIEIdentifier(String(cString: text))
        else { return nil }
        sources[number] = found
        return found
    }

    private static func prepare(_ connection: OpaquePointer?, _ sql: String) -> OpaquePointer? {
        var statement: OpaquePointer?
        sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        return statement
    }
}
