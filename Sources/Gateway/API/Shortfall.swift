import CareRecord
import Replication
import Worker

/// That something of an HIE may be missing in an answer, and what is the cause. The one place where that becomes words.
struct Shortfall: Sendable, Hashable {
    /// What stands between this worker and what the HIE holds.
    enum Cause: String, Sendable, CaseIterable {
        /// The broker on the way to the HIE is not connected.
        case broker
        /// The HIE's worker: it is silent, or has not sent everything yet.
        case peer
        /// The HIE does not answer this question.
        case refusal
        /// Here: messages that could not be applied, or entries that are being put right.
        case index
        /// The HIE takes part later.
        case planned
        /// A bound of this worker, or of what was asked.
        case limit
    }

    /// The system of ``Cause`` as a coding.
    static let causeSystem = "urn:wherry:cause"

    let hie: HIEIdentifier
    let cause: Cause
    /// What is the matter, such as `is silent: no pulse received yet`.
    let words: String

    init(_ hie: HIEIdentifier, _ cause: Cause, _ words: String) {
        self.hie = hie
        self.cause = cause
        self.words = words
    }

    /// A warning: beside what was found an error would say that nothing was (IHE PDQm).
    var issue: OperationOutcome.Issue {
        var issue = OperationOutcome.Issue(.warning, .incomplete, at: "", "\(hie) \(words)")
        issue.details = OperationOutcome.Issue.Details(
            system: Self.causeSystem, code: cause.rawValue, text: "\(hie): \(cause.inWords)")
        return issue
    }
}

extension Shortfall.Cause {
    var inWords: String {
        switch self {
        case .broker: "the broker on the way to it"
        case .peer: "its worker"
        case .refusal: "it refused"
        case .index: "the index here"
        case .planned: "it is not connected yet"
        case .limit: "a bound of this worker or of what was asked"
        }
    }
}

extension CoverageWords {
    /// `nil` while the source is complete.
    func shortfall(_ coverage: SourceCoverage) -> Shortfall? {
        guard coverage.state != .complete else { return nil }
        let words = "is \(coverage.state.word), and may hold more: \(reason(coverage) ?? "")"
        return Shortfall(coverage.hie, cause(of: coverage), words)
    }

    /// A warning for every HIE that is not complete, in the order of the topology.
    func warnings(_ coverage: [SourceCoverage]) -> [OperationOutcome.Issue] {
        coverage.compactMap { shortfall($0)?.issue }
    }

    private func cause(of coverage: SourceCoverage) -> Shortfall.Cause {
        switch coverage.state {
        case .planned: return .planned
        case .held, .differing: return .index
        case .complete, .behind, .silent, .joining:
            if coverage.hie == worker.seat.journal { return .index }
            return isBrokerAway(from: coverage.hie) ? .broker : .peer
        }
    }
}
