/// Why a load test could not do what it was asked. The description says what to do; it holds no secret and nothing of
/// a patient.
package struct LoadTestError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The input is refused: the same run cannot succeed without another one.
        case refused
        /// A program could not be started, failed or did not end.
        case process
        /// A private broker did not do what it was told.
        case broker
        /// A worker did not begin to serve, does not answer, or gave an answer that cannot be used.
        case worker
        /// A file or directory cannot be read or written.
        case file
        /// A time limit passed before something came to be.
        case timedOut
    }

    package let code: Code
    /// A sentence for the operator, with what to do where that is known.
    package let reason: String
    package let cause: (any Error)?

    package init(_ code: Code, _ reason: String, cause: (any Error)? = nil) {
        self.code = code
        self.reason = reason
        self.cause = cause
    }

    package var description: String { reason }
}
