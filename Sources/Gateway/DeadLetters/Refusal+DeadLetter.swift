import CareRecord
import Hummingbird
import Worker

extension Refusal {
    /// Why an operator's act on dead letters is not done; `error` is the word of the code.
    init(_ refusal: DeadLetterRefusal) {
        switch refusal.code {
        case .notFound: self.init(.notFound, .notFound, refusal.reason)
        case .invalid: self.init(.badRequest, .invalid, refusal.reason)
        case .conflict, .changed, .count:
            self.init(.conflict, .businessRule, refusal.reason)
            word = refusal.code.rawValue
        }
    }
}
