/// Why a load test could not go on.
package struct DriveError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// A worker does not answer, or not as it has to.
        case unfit
        /// Something did not happen within its time.
        case late
    }

    package let code: Code
    package let reason: String

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    package var description: String { reason }
}
