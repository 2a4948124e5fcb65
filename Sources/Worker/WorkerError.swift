/// Why a worker cannot start. The description says what to do.
package struct WorkerError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case unknownHIE
        case plannedHIE
        case unknownReplica
        case badBroker
        case foreignCertificate
    }

    package let code: Code
    package let reason: String

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    package var description: String { reason }
}
