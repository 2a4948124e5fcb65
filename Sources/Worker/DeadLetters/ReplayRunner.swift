import AMQP
import CareRecord
import Logging
import Replication
import ServiceLifecycle
import Storage

/// Replays the plan that runs, one at a time. All that matters is in the file: a run that ended anyhow is taken up
/// where its results end, and what was on its way is sent again (promise P2: its effect is once).
struct ReplayRunner: Service {
    private static let settlePause = Duration.seconds(2)

    let seat: Seat
    let store: DeadLetterStore
    let desk: ReplayDesk
    let board: ReplayBoard
    let topology: TopologyBoard
    let retry: StorageRetry
    let clock: WallClock
    let logger: Logger

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                for await _ in board.wakes() {
                    while let plan = try await running() { try await run(plan) }
                }
            }
        } catch {
            // A plan that is not finished at a stop goes on after the next start.
            guard Task.isShuttingDownGracefully || Task.isCancelled else { throw error }
        }
    }

    private func running() async throws -> ReplayPlan? {
        try await retry.run(ReplayDesk.part) { () async throws(StorageError) in try await store.runningPlan() }
    }

    private func run(_ plan: ReplayPlan) async throws {
        guard let order = plan.order else { preconditionFailure("a plan that runs has its order") }
        logger.notice(
            "replay.begun", metadata: ["replay.plan": "\(plan.name)", "replay.letters": "\(plan.notAttempted)"])
        board.begin(plan.id, at: clock.now)
        defer { board.end() }
        let (events, inbox) = AsyncStream.makeStream(of: ReplayRun.Event.self)
        desk.begin(plan.id) { inbox.yield(.settled($0)) }
        defer { desk.end() }
        let road = ReplayRoad(seat: seat, topology: topology, logger: logger) { inbox.yield(.trouble($0)) }
        var run = ReplayRun(
            plan: plan, order: order, seat: seat, store: store, desk: desk, board: board, road: road,
            topology: topology,
            retry: retry, clock: clock)
        let outcome: ReplayRun.Outcome
        do {
            outcome = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in board.wakes() { inbox.yield(.woken) }
                }
                group.addTask {
                    for await _ in desk.arrivals() {
                        // Where there is time, fewer and larger writes leave the disk to the live changes.
                        if order.ratePerSecond != nil { try await Task.sleep(for: Self.settlePause) }
                        try await desk.settleArrived(of: plan.id)
                    }
                }
                group.addTask {
                    while true {
                        try await Task.sleep(for: .milliseconds(ReplayRun.tickMilliseconds))
                        inbox.yield(.tick)
                    }
                }
                defer { group.cancelAll() }
                return try await run.follow(events)
            }
        } catch {
            await road.close()
            throw error
        }
        await road.close()
        // What has come back by now has been attempted.
        try await desk.settleArrived(of: plan.id)
        try await end(plan, outcome)
    }

    private func end(_ plan: ReplayPlan, _ outcome: ReplayRun.Outcome) async throws {
        let (state, reason): (ReplayPlan.State, String?) =
            switch outcome {
            case .finished: (.finished, nil)
            case .stopped(let reason): (.stopped, reason)
            case .stuck(let reason): (.paused, reason)
            case .moved: (plan.state, nil)
            }
        if state != plan.state {
            let now = clock.now
            _ = try await retry.run(ReplayDesk.part) { () async throws(StorageError) in
                try await store.move(plan.id, from: [.running], to: state, reason: reason, now: now)
            }
        }
        if state.isOver { try await desk.forget(plan.id) }
        logger.notice(
            "replay.ended",
            metadata: ["replay.plan": "\(plan.name)", "replay.state": "\(state.rawValue)", "reason": "\(reason ?? "")"])
    }
}
