import CareRecord
import Replication
import Storage

extension MetricsText {
    /// Every cause is there, also one that nothing is parked for. Alarms ask for the age, not for the number.
    mutating func append(parked causes: [CauseCount], now: Timestamp) {
        let byCause = Dictionary(causes.map { ($0.cause, $0) }, uniquingKeysWith: { first, _ in first })
        metric(
            "wherry_dead_letters", .gauge, "Dead letters that are parked now.",
            Rejection.Cause.allCases.map { (["cause": $0.rawValue], Double(byCause[$0]?.count ?? 0)) })
        metric(
            "wherry_dead_letters_oldest_age_seconds", .gauge,
            "How long the oldest parked dead letter waits, 0 where none does.",
            Rejection.Cause.allCases.map { cause in
                // The clock may have been set back since.
                let age = byCause[cause].map { max(0, now.since($0.oldest)) } ?? 0
                return (["cause": cause.rawValue], Double(age) / 1000)
            })
    }

    mutating func append(_ plans: [ReplayPlan]) {
        metric(
            "wherry_replay_plans", .gauge, "Replay plans in a state, of the latest hundred.",
            ReplayPlan.State.allCases.map { state in
                (["state": state.rawValue], Double(plans.count { $0.state == state }))
            })
    }
}
