import CareRecord
import Replication
import Storage
import Worker

extension JSONWriter {
    mutating func members(of progress: PlanProgress) {
        members(of: progress.plan)
        member("perSecond", progress.perSecond.map { JSON.number(Self.rounded($0)) } ?? .null)
        member("window", orNull: progress.window)
        member("trouble", orNull: progress.trouble)
    }

    /// A plan that does not run now, or of which that is not asked.
    mutating func members(resting plan: ReplayPlan) {
        members(of: plan)
        member("perSecond", JSON.null)
        member("window", JSON.null)
        member("trouble", JSON.null)
    }

    private mutating func members(of plan: ReplayPlan) {
        member("plan", plan.name)
        member("id", plan.id)
        member("hash", plan.hash)
        member("state", plan.state.rawValue)
        member("createdAt", plan.createdAt.text)
        member("createdBy", plan.createdBy)
        member("selection", plan.selection)
        member("count", plan.count)
        object("foreseen") { $0.members(foreseen: plan.foreseen) }
        object("results") { $0.members(results: plan.results, notAttempted: plan.notAttempted) }
        if let order = plan.order {
            object("order") { $0.members(of: order) }
        } else {
            member("order", JSON.null)
        }
        member("startedAt", orNull: plan.startedAt?.text)
        member("endedAt", orNull: plan.endedAt?.text)
        member("endReason", orNull: plan.endReason)
    }

    mutating func members(foreseen counts: VerdictCounts) {
        member("apply", counts.applied)
        member("duplicate", counts.duplicate)
        member("superseded", counts.superseded)
        member("failAgain", counts.failed)
    }

    mutating func members(results counts: VerdictCounts, notAttempted: Int) {
        member("applied", counts.applied)
        member("duplicate", counts.duplicate)
        member("superseded", counts.superseded)
        member("failedAgain", counts.failed)
        member("notAttempted", notAttempted)
    }

    private mutating func members(of order: ReplayOrder) {
        member("to", order.target.rawValue)
        member("by", order.by)
        member("reason", order.reason)
        member("canary", order.canary)
        member("rate", order.ratePerSecond.map { JSON.number(Self.number($0)) } ?? .null)
        member("stopOnFailures", orNull: order.stopOnFailures)
    }

    /// A letter of a plan: no patient's data.
    mutating func members(of letter: PlannedLetter) {
        member("id", letter.letter)
        member("position", letter.position)
        member("cause", letter.cause.rawValue)
        member("source", orNull: letter.source?.text)
        member("seq", orNull: letter.seq)
        object("foreseen") { $0.members(foreseen: letter.foreseen) }
        if let result = letter.result {
            object("result") { $0.members(result: result) }
        } else {
            member("result", JSON.null)
        }
        member("at", orNull: letter.at?.text)
    }

    /// To a thousandth.
    private static func rounded(_ value: Double) -> String { number((value * 1000).rounded() / 1000) }

    /// As JSON: whole numbers without a fraction, 0 for what is no number.
    private static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        return Int64(exactly: value).map { String($0) } ?? String(value)
    }
}
