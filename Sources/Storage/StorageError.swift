import GRDB
import Replication

/// Why a store could not do what it was asked. The description names files and reasons, never rows.
package struct StorageError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// Another process holds the data directory.
        case directoryInUse
        /// The data directory belongs to another HIE.
        case foreignDirectory
        case directoryUnusable
        case diskFull
        /// Another process holds the database for longer than the busy timeout.
        case locked
        case corrupt
        /// The file was written by a later version of Wherry.
        case laterVersion
        case failed
    }

    package let code: Code
    package let reason: String

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    package var description: String { reason }

    /// Says in words what SQLite reported about `file`; SQL text and arguments are left out because they may hold
    /// patient data.
    init(_ error: any Error, file: String) {
        if let rejection = error as? Rejection {
            self.init(.corrupt, "\(file): a stored change cannot be read (\(rejection.cause.rawValue))")
            return
        }
        guard let error = error as? DatabaseError else {
            self = (error as? StorageError) ?? StorageError(.failed, "\(file): \(type(of: error))")
            return
        }
        let detail = "SQLite code \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.diskFull, "\(file): the disk is full (\(detail)): free some space, work goes on by itself")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.locked, "\(file): locked by another process (\(detail)): end that process")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(.corrupt, "\(file): not a sound database (\(detail))")
        case .SQLITE_IOERR:
            self.init(.diskFull, "\(file): the disk refuses to read or write (\(detail)): see to the disk")
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM:
            self.init(.directoryUnusable, "\(file): cannot be opened for writing (\(detail)): check the file's owner")
        default:
            self.init(.failed, "\(file): \(detail)")
        }
    }
}
