/// Why a key or a certificate could not be read, made or kept. The description says what to do and holds no secret.
package struct KeysError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A file is missing, may not be read, or holds something else.
        case unreadable
        /// The directory holds what was about to be made.
        case exists
        /// What was asked for cannot be had with what there is: a name, an authority, a key of another certificate.
        case refused
        /// A file or directory could not be written.
        case unwritable
        /// Another process works in the directory.
        case busy
    }

    package let code: Code
    package let reason: String
    package let cause: (any Error)?

    init(_ code: Code, _ reason: String, cause: (any Error)? = nil) {
        self.code = code
        self.reason = reason
        self.cause = cause
    }

    package var description: String { reason }

    /// Runs what encodes or signs, which fails only where the library does.
    static func encoding<Value>(_ what: String, _ work: () throws -> Value) throws(KeysError) -> Value {
        do {
            return try work()
        } catch {
            throw KeysError(.refused, "\(what) cannot be encoded: \(error)", cause: error)
        }
    }
}
