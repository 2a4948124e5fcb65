import CareRecord
import Replication
import Storage

extension PlanReport {
    /// What a page says of the plan before any figure: a name and a text each.
    var facts: [(name: String, text: String)] {
        var facts = [
            ("Plan", "\(plan.name), \(plan.state.rawValue)"),
            ("Worker", seat.words),
            ("Report made", at.text),
            ("Selection", plan.selection),
            ("Letters", String(plan.count)),
            ("SHA-256 of the letters", plan.hash),
            ("Planned", "\(plan.createdAt.text) by \(plan.createdBy)"),
        ]
        if let order = plan.order {
            facts.append(("Replayed by", order.by))
            facts.append(("Reason", order.reason))
            facts.append(("To", order.target.inWords))
            if let limits = order.limits { facts.append(("Limits", limits)) }
        }
        if let started = plan.startedAt { facts.append(("Started", started.text)) }
        if let ended = plan.endedAt { facts.append(("Ended", ended.text)) }
        if let reason = plan.endReason { facts.append(("Why it ended", reason)) }
        return facts
    }

    /// `nil` for a plan that does not move.
    var caution: String? {
        switch plan.state {
        case .running: "The plan is running: letters were settled while this was written. Ask again when it is over."
        case .planned: "The plan has not been replayed: only what is foreseen can be said."
        case .paused, .stopped: "The plan is not over: it can be resumed or cancelled."
        case .cancelled, .finished: nil
        }
    }

    /// A name, what was foreseen and what it came to; nobody foresees what is not attempted.
    var verdicts: [(name: String, foreseen: Int?, result: Int)] {
        [
            ("applied", total.foreseen.applied, total.results.applied),
            ("duplicate", total.foreseen.duplicate, total.results.duplicate),
            ("superseded", total.foreseen.superseded, total.results.superseded),
            ("failed again", total.foreseen.failed, total.results.failed),
            ("not attempted", nil, total.notAttempted),
        ]
    }

    /// The last line: whoever does not read it has not the whole report.
    var lastLine: String {
        "End of the report on plan \(plan.name): \(total.count) \(total.count == 1 ? "letter" : "letters")."
    }
}

extension PlanReport.Figures {
    /// In the order of ``PlanReport/verdicts``.
    var outcomes: [Int] {
        [results.applied, results.duplicate, results.superseded, results.failed, notAttempted]
    }
}

extension ReplayOrder.Target {
    fileprivate var inWords: String {
        switch self {
        case .subscriber: "this HIE alone, through the brokers they came from"
        case .everybody: "every subscriber, through the brokers they came from"
        case .local: "this HIE's index, without a broker"
        }
    }
}

extension ReplayOrder {
    /// With which care; `nil` where none was ordered.
    fileprivate var limits: String? {
        var parts: [String] = []
        if canary > 0 { parts.append("\(canary) first as a canary") }
        if let rate = ratePerSecond {
            parts.append("at most \(Int(exactly: rate).map { String($0) } ?? String(rate)) a second")
        }
        if let stop = stopOnFailures { parts.append("stopping after \(stop) that failed again") }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}

extension LetterVerdict {
    /// As a page says it, in one or two words.
    var inWords: String {
        switch self {
        case .applied: "applied"
        case .duplicate: "duplicate"
        case .superseded(let seq?): "superseded by \(seq)"
        case .superseded(nil): "superseded"
        case .failed: "failed again"
        }
    }

    /// Why it failed; `nil` where it did not.
    var failure: String? {
        guard case .failed(let rejection) = self else { return nil }
        return rejection.description
    }
}
