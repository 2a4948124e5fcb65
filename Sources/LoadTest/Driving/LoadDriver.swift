package import AMQP
package import CareRecord
import NIOConcurrencyHelpers
import NIOCore

/// Puts a mesh of workers under the load of a profile, times it, and checks what became of every change.
package final class LoadDriver: Sendable {
    private let profile: LoadProfile
    private let targets: [LoadTarget]
    private let endpoints: [HIEIdentifier: Endpoint]
    private let board: ProgressBoard
    private let core: DriveCore
    private let published: Published

    /// What the core last gave out.
    private final class Published: Sendable {
        let state = NIOLockedValueBox<(figures: DriveFigures, ledger: Ledger)?>(nil)
    }

    /// `connected` are all HIEs of the topology that coverage has to name. `amqpEndpoints` are for messages that no
    /// worker can apply: the broker of each source.
    package init(
        profile: LoadProfile, targets: [LoadTarget], connected: [HIEIdentifier],
        amqpEndpoints: [HIEIdentifier: Endpoint]
    ) {
        precondition(!targets.isEmpty, "a load test has a worker to drive")
        self.profile = profile
        self.targets = targets
        endpoints = amqpEndpoints.filter { hie, _ in targets.contains { $0.hie == hie } }
        board = ProgressBoard(targets.map(\.hie))
        let published = Published()
        self.published = published
        core = DriveCore(profile: profile, targets: targets, connected: connected, board: board) { figures, ledger in
            published.state.withLockedValue { $0 = (figures, ledger) }
        }
    }

    deinit {
        let core = core
        core.eventLoop.execute { core.assumeIsolated { $0.close() } }  // this is the actor's event loop
    }

    /// Loads the population and waits until every subscriber has applied it. `progress` is told how much of it is done
    /// (0…1).
    package func preload(progress: @Sendable (Double) -> Void) async throws {
        try await core.start(targets)
        try await core.loadPopulation(progress)
    }

    /// Runs the schedule from now on, first for the profile's warm-up, of which nothing is timed, then for its
    /// duration; returns when what was under way has ended, in bounded time. Samples begin with the duration.
    package func run(onSample: @escaping @Sendable (LoadSample) -> Void) async throws {
        try await core.start(targets)
        try await core.warmUp()
        try await withThrowingTaskGroup(of: Void.self) { [core] group in
            let bad = badMessages
            group.addTask { try await core.runMeasured(badMessages: bad?.count ?? 0, onSample) }
            if let bad { group.addTask { try await bad.run() } }
            try await group.waitForAll()
        }
    }

    private var badMessages: BadMessages? {
        guard let perSecond = profile.badMessagesPerSecond, perSecond > 0, !endpoints.isEmpty else { return nil }
        return BadMessages(
            perSecond: perSecond, seconds: Double(profile.durationMilliseconds) / 1000, endpoints: endpoints
        ) { [core] count in
            core.eventLoop.execute { core.assumeIsolated { $0.confirmed(badMessages: count) } }  // its event loop
        }
    }

    /// Requests to a worker that a fault has stopped are not sent, and coverage is judged by it.
    package func faultBegan(_ fault: LoadProfile.Fault) {
        guard let worker = stoppedWorker(fault), board.stop(worker) else { return }
        let core = core
        core.eventLoop.execute { core.assumeIsolated { $0.stopped(worker) } }  // this is the actor's event loop
    }

    package func faultEnded(_ fault: LoadProfile.Fault) {
        guard let worker = stoppedWorker(fault), board.goOn(worker) else { return }
        let core = core
        core.eventLoop.execute { core.assumeIsolated { $0.goesOn(worker) } }  // this is the actor's event loop
    }

    /// The worker that a fault stops; `nil` for faults that let all of them answer.
    private func stoppedWorker(_ fault: LoadProfile.Fault) -> Int? {
        switch fault.kind {
        case .pauseWorker, .killWorker: HIEIdentifier(fault.target).flatMap(board.place)
        case .pauseBroker, .killBroker, .restartBroker, .memoryAlarm, .slowWorker: nil
        }
    }

    /// A worker answers at another place from now on.
    package func moved(_ hie: HIEIdentifier, to target: LoadTarget) {
        guard let worker = board.place(of: hie) else { return }
        let core = core
        core.eventLoop.execute { core.assumeIsolated { $0.moved(worker, to: target) } }  // its event loop
    }

    /// Heads of all sources, as far as they were told.
    package func heads() -> [HIEIdentifier: Int64] { board.heads() }

    /// Whether every subscriber among those that run has reached such heads.
    package func haveReached(_ heads: [HIEIdentifier: Int64]) -> Bool { board.haveReached(heads) }

    /// Waits, for a bounded time, until all have caught up; then looks up every patient that was touched at every
    /// worker, and judges.
    package func verify(secondsMax: Int) async throws { try await core.verify(secondsMax: secondsMax) }

    /// Puts everything that was measured into the result. What fails a run whatever its profile says sets `passed` to
    /// false and says why among the remarks.
    package func fill(_ result: inout LoadResult) {
        guard let (figures, ledger) = published.state.withLockedValue({ $0 }) else { return }
        figures.fill(&result, profile, targets.map(\.hie), ledger)
    }
}

extension DriveCore {
    /// What is asked in this time is not timed, though every change of it counts.
    func warmUp() async throws {
        try await runSchedule(milliseconds: profile.warmUpMilliseconds, isMeasured: false)
    }

    func runMeasured(
        badMessages: Int, _ onSample: @escaping @Sendable (LoadSample) -> Void
    ) async throws {
        figures.badMessages.wanted = badMessages
        await readConfirms()
        defer { publish() }
        try await runSchedule(milliseconds: profile.durationMilliseconds, isMeasured: true, onSample: onSample)
        await readConfirms()
        await poll()
        if let lateness = generatorLateness { figures.faults.append(lateness) }
    }

    func confirmed(badMessages count: Int) {
        figures.badMessages.succeeded(count, inTime: HTTPLane.now <= schedule.endsAt)
    }
}
