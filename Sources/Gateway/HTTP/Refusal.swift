import CareRecord
import HTTPTypes
import Hummingbird
import Storage
import Worker

/// A request that is answered with an error: what was wrong and what to do, never with a patient's data.
struct Refusal: Error {
    let status: HTTPResponse.Status
    let outcome: OperationOutcome
    var headers: HTTPFields = [:]
    /// What `error` says to those who do not speak FHIR, where the outcome has no word for it.
    var word: String?
    /// Whether more of the body may come than is worth reading: the connection ends with the answer.
    var endsConnection = false

    init(_ status: HTTPResponse.Status, _ outcome: OperationOutcome) {
        self.status = status
        self.outcome = outcome
    }

    init(
        _ status: HTTPResponse.Status, _ code: OperationOutcome.Issue.Code, at expression: String = "",
        _ diagnostics: String
    ) {
        self.init(status, OperationOutcome([OperationOutcome.Issue(.error, code, at: expression, diagnostics)]))
    }

    /// Come back later; nothing was stored.
    static func later(_ code: OperationOutcome.Issue.Code, _ diagnostics: String) -> Refusal {
        var refusal = Refusal(.serviceUnavailable, code, diagnostics)
        refusal.headers[.retryAfter] = "5"
        return refusal
    }

    static func notAllowed(_ allowed: [HTTPRequest.Method]) -> Refusal {
        let allowed = allowed.map(\.rawValue).joined(separator: ", ")
        var refusal = Refusal(.methodNotAllowed, .notSupported, "this method is not supported here: use \(allowed)")
        refusal.headers[.allow] = allowed
        return refusal
    }

    /// Finds the words for what a handler threw.
    init(_ error: any Error) {
        switch error {
        case let refusal as Refusal: self = refusal
        case let error as StorageError: self.init(error)
        case let error as DeadLetterRefusal: self.init(error)
        case let error as Gate.Busy:
            self = .later(.throttled, "too many \(error.what) at once: send this again in a few seconds")
        case is DeadlineExceeded:
            self.init(.requestTimeout, .timeout, "the body did not arrive in time: send it again")
            endsConnection = true
        case let error as any HTTPResponseError where error.status == .notFound:
            self.init(.notFound, .notFound, "nothing is served under this path")
        case let error as any HTTPResponseError:
            self.init(error.status, .invalid, "the request is not valid")
        default:
            self.init(.internalServerError, .exception, "the worker failed: see its log")
        }
    }

    private init(_ error: StorageError) {
        switch error.code {
        case .diskFull, .locked: self = .later(.transient, error.reason)
        case .directoryInUse, .foreignDirectory, .directoryUnusable, .corrupt, .laterVersion, .failed:
            self.init(.internalServerError, .exception, error.reason)
        }
    }
}
