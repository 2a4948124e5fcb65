import GRDB
import GRDBSQLite

/// The hash that the connection's last update of an entry took the place of. SQLite tells what a row is after a
/// statement and not what it was before; a function within the statement does.
///
/// It is used inside the transactions of the one connection that writes.
final class Overwritten: @unchecked Sendable {  // whoever has the connection has it
    /// `wherry_over(OLD, NEW)` is NEW.
    static let function = "wherry_over"

    /// `nil` where the statement came to no update.
    var hash: Int64?

    /// Makes the function known to the connection.
    func register(in database: Database) throws {
        let code = sqlite3_create_function_v2(
            database.sqliteConnection, Self.function, 2, SQLITE_UTF8, Unmanaged.passRetained(self).toOpaque(),
            { context, _, values in
                guard let values, let pointer = sqlite3_user_data(context) else { return }
                let overwritten = Unmanaged<Overwritten>.fromOpaque(pointer).takeUnretainedValue()
                overwritten.hash = sqlite3_value_int64(values[0])
                sqlite3_result_value(context, values[1])
            }, nil, nil, { pointer in pointer.map { Unmanaged<Overwritten>.fromOpaque($0).release() } })
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    }
}
