import CareRecord
import Replication
package import Storage

/// Plans, and what becomes of them.
extension DeadLetterDesk {
    /// Freezes the parked letters that the filter finds, and foresees what a replay of each would do.
    package func makePlan(_ filter: LetterFilter, selection: String, by: String) async throws -> ReplayPlan {
        var filter = filter
        filter.states = [.parked]
        let now = clock.now
        let count = try await store.summary(filter, now: now).total
        guard count > 0 else { throw DeadLetterRefusal(.conflict, "no parked letter fits: there is nothing to plan") }
        guard count <= Self.planLettersMax else {
            throw DeadLetterRefusal(
                .invalid, "\(count) letters fit, and a plan has at most \(Self.planLettersMax): narrow the selection")
        }
        var letters: [ForeseenLetter] = []
        letters.reserveCapacity(count)
        var page = try await candidates(filter, after: 0, now: now)
        while let last = page.last, letters.count < Self.planLettersMax {
            // The next are read while these are judged.
            async let next = candidates(filter, after: last.due.id, now: now)
            letters += try await foresee(page)
            page = try await next
        }
        letters.sort(by: ForeseenLetter.isInSourceOrder)
        let id = try await store.makePlan(letters, selection: selection, by: by, now: clock.now)
        return try await plan(id).plan
    }

    private func candidates(
        _ filter: LetterFilter, after: Int64, now: Timestamp
    ) async throws(StorageError) -> [CandidateLetter] {
        try await store.candidates(filter, after: after, limit: Self.pageLettersMax, now: now)
    }

    private func foresee(_ page: [CandidateLetter]) async throws(StorageError) -> [ForeseenLetter] {
        zip(page, try await replays.foresee(page.map(\.due.content))).map { ForeseenLetter($0, $1.verdict) }
    }

    /// The newest first.
    package func plans(limit: Int) async throws -> [ReplayPlan] { try await store.plans(limit: limit) }

    /// By number or by name; a name whose hash is another is refused.
    package func plan(_ name: String) async throws -> PlanProgress {
        let parts = name.split(separator: "-", maxSplits: 1)
        guard let number = parts.first, let id = Int64(number), id > 0 else {
            throw DeadLetterRefusal(.notFound, "a plan is called by its number or name, such as 12-3f9ab2c4")
        }
        let progress = try await plan(id)
        if parts.count == 2, !(parts[1].count >= 4 && progress.plan.hash.hasPrefix(parts[1])) {
            throw DeadLetterRefusal(.changed, "plan \(id) is \(progress.plan.name): the hash that was given is another")
        }
        return progress
    }

    package func letters(of plan: Int64, after position: Int, limit: Int) async throws -> [PlannedLetter] {
        try await store.plannedLetters(of: plan, after: position, limit: min(limit, Self.pageLettersMax))
    }

    /// Begins to replay. Refused unless the plan is new and its letters are what they were.
    package func replay(_ name: String, _ order: ReplayOrder) async throws -> PlanProgress {
        let plan = try await plan(name).plan
        try checkWay(order)
        try Self.check(try await store.start(plan.id, order, now: clock.now), plan)
        board.wake()
        return try await self.plan(plan.id)
    }

    package func pause(_ name: String, by: String) async throws -> PlanProgress {
        try await move(name, from: [.running], to: .paused, reason: "paused by \(by)")
    }

    /// Goes on with a plan that is paused or has stopped.
    package func resume(_ name: String, by: String) async throws -> PlanProgress {
        let plan = try await plan(name).plan
        if let order = plan.order { try checkWay(order) }
        try Self.check(try await store.resume(plan.id), plan)
        board.wake()
        return try await self.plan(plan.id)
    }

    /// Ends a plan for good: what was not attempted stays parked.
    package func cancel(_ name: String, by: String, reason: String) async throws -> PlanProgress {
        try await move(
            name, from: [.planned, .running, .paused, .stopped], to: .cancelled, reason: "cancelled by \(by): \(reason)"
        )
    }

    private func move(
        _ name: String, from states: Set<ReplayPlan.State>, to state: ReplayPlan.State, reason: String
    ) async throws -> PlanProgress {
        let plan = try await plan(name).plan
        guard try await store.move(plan.id, from: states, to: state, reason: reason, now: clock.now) else {
            throw DeadLetterRefusal(
                .conflict, "plan \(plan.name) is \(plan.state.rawValue): it cannot be \(state.rawValue)")
        }
        board.wake()
        return try await self.plan(plan.id)
    }

    private func plan(_ id: Int64) async throws -> PlanProgress {
        guard let plan = try await store.plan(id) else {
            throw DeadLetterRefusal(.notFound, "there is no plan \(id): see wherry deadletters plans")
        }
        let progress = board.progress.flatMap { $0.plan == id && plan.state == .running ? $0 : nil }
        return PlanProgress(
            plan: plan, perSecond: progress?.perSecond, window: progress?.window, trouble: progress?.trouble)
    }

    /// To everybody a letter goes in the name of its source, which a broker that knows its publishers takes from nobody
    /// else.
    private func checkWay(_ order: ReplayOrder) throws(DeadLetterRefusal) {
        guard order.target == .everybody, !topology.present.vouched.isEmpty else { return }
        throw DeadLetterRefusal(
            .conflict,
            "with certificates nobody publishes in the name of another HIE: leave --to-everybody out to replay here; "
                + "the other HIEs fill what they miss from the sources' journals by themselves")
    }

    private static func check(_ start: PlanStart, _ plan: ReplayPlan) throws(DeadLetterRefusal) {
        switch start {
        case .started: return
        case .changed(let count):
            throw DeadLetterRefusal(
                .changed,
                "\(count) letters of plan \(plan.name) are not what they were when it was made: "
                    + "cancel it and make another")
        case .busy(let other):
            throw DeadLetterRefusal(.conflict, "plan \(other) is running: wait for its end, or pause it")
        case .not(.running):
            throw DeadLetterRefusal(.conflict, "plan \(plan.name) is running already: follow it, or pause it")
        case .not(.paused), .not(.stopped):
            throw DeadLetterRefusal(
                .conflict, "plan \(plan.name) is \(plan.state.rawValue): resume it, or cancel it")
        case .not(.planned):
            throw DeadLetterRefusal(.conflict, "plan \(plan.name) was not started yet: replay it")
        case .not(.cancelled), .not(.finished):
            throw DeadLetterRefusal(.conflict, "plan \(plan.name) is over: make another")
        }
    }
}
