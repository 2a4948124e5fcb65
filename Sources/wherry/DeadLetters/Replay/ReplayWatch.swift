import Storage

/// Follows a plan that runs: what is seen of it goes in, what to show comes out.
struct ReplayWatch {
    /// How long a worker that does not answer is waited for; it may be starting anew.
    static let silenceMax = Duration.seconds(60)

    enum Sight {
        case plan(PlanAnswer)
        /// The worker did not answer, or was too busy: why.
        case silence(String)
    }

    enum Step: Equatable {
        case show(PlanAnswer)
        /// It is waited for; the first time that is to be said.
        case say(String)
        case wait
        case ended(PlanAnswer)
        /// It is not waited for any longer.
        case lost(String)
    }

    /// When it was last seen to go on.
    private var seenAt: ContinuousClock.Instant
    private var isSilent = false
    private let name: String

    init(_ name: String, at now: ContinuousClock.Instant) {
        self.name = name
        seenAt = now
    }

    mutating func take(_ sight: Sight, at now: ContinuousClock.Instant) -> Step {
        switch sight {
        case .silence(let reason): return silence(reason, at: now)
        case .plan(let plan):
            switch plan.state {
            case .running?:
                seenAt = now
                isSilent = false
                return .show(plan)
            // A plan that was started is not this for long.
            case .planned?: return silence("it has not begun yet", at: now)
            case .paused?, .stopped?, .cancelled?, .finished?, nil: return .ended(plan)
            }
        }
    }

    private mutating func silence(_ reason: String, at now: ContinuousClock.Instant) -> Step {
        let seconds = Self.silenceMax.components.seconds
        guard now - seenAt < Self.silenceMax else {
            return .lost("plan \(name): nothing was heard of it for \(seconds) s (\(reason))")
        }
        guard !isSilent else { return .wait }
        isSilent = true
        return .say("plan \(name): \(reason); waiting for up to \(seconds) s: the replay goes on with the worker")
    }
}
