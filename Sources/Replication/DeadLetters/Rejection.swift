/// Why a message or a change could not be applied: a cause of a closed list and a detail that names no patient.
package struct Rejection: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Cause: String, Sendable, CaseIterable {
        /// The bytes are not what the content type promises.
        case undecodable
        /// A `type` that this version does not know.
        case unknownType = "unknown-type"
        /// JSON, but a member is missing or of the wrong form.
        case schema
        /// The source named in one place is not the source named in another, or is not in the topology.
        case forgedSource = "forged-source"
        /// A header that the contract refuses: `CC` or `BCC`.
        case headerRefused = "header-refused"
        /// The epoch is missing, of the wrong form, or none that the source has begun.
        case epochUnknown = "epoch-unknown"
        case nhsNumberInvalid = "nhs-number-invalid"
        /// Reading or applying it failed again and again, for no reason of the message's form.
        case applicationFailed = "application-failed"
        /// The broker delivered it too often without an acknowledgement.
        case deliveryLimit = "delivery-limit"
        /// Its time to live ended in a queue.
        case expired
        /// A queue was full and dropped it.
        case lengthLimit = "length-limit"
        /// A consumer rejected it, or somebody published it to the dead letters.
        case rejected
        /// It reached no queue.
        case unrouted
    }

    package let cause: Cause
    package let detail: String

    package init(_ cause: Cause, _ detail: String) {
        self.cause = cause
        self.detail = detail
    }

    package var description: String { "\(cause.rawValue): \(detail)" }
}
