import CareRecord
import Foundation
import NIOCore
import NIOPosix

/// The load generator's one thread: an actor whose executor is an event loop. Requests, answers, progress and the
/// schedule all come and go on it, so that nothing of them needs a lock or a task.
actor DriveCore {
    nonisolated let eventLoop: any EventLoop
    nonisolated let board: ProgressBoard
    let profile: LoadProfile
    let population: Population
    let hies: [HIEIdentifier]
    let judge: LookupJudge
    let onPublish: @Sendable (DriveFigures, Ledger) -> Void
    private let connected: [HIEIdentifier]

    var sites: [Site] = []
    /// By source; `nil` for one that knows no patient.
    var lines: [SourceLine?]
    /// Those that are not `nil`.
    let sources: [Int]
    var ledger: Ledger
    var replication: ReplicationClock
    var figures: DriveFigures
    var random: SplitMix64
    /// By place among those that coverage names: since when workers stand still.
    var stopped: [Int: Timestamp] = [:]

    var schedule = Schedule()
    /// Events before this moment are not measured.
    var measuredFrom = UInt64.max
    /// Lookups and queries without an answer.
    var underWayCount = 0
    var isPolling: [Bool]
    /// The last of each worker.
    var peerReadings: [PeerReading]
    private var ending: CheckedContinuation<Void, Never>?

    /// The streams of the schedule at present.
    struct Schedule {
        var changes: OpenLoop?
        var lookups: OpenLoop?
        var queries: OpenLoop?
        var endsAt: UInt64 = 0
        var isRunning = false
        var waitsForAnswers = false
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { eventLoop.executor.asUnownedSerialExecutor() }

    init(
        profile: LoadProfile, targets: [LoadTarget], connected: [HIEIdentifier], board: ProgressBoard,
        onPublish: @escaping @Sendable (DriveFigures, Ledger) -> Void
    ) {
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        self.profile = profile
        self.board = board
        self.connected = connected
        self.onPublish = onPublish
        hies = targets.map(\.hie)
        let population = Population(seed: profile.seed, patients: profile.patients, hies: hies)
        self.population = population
        judge = LookupJudge(naming: connected)
        let changes = profile.changes ?? LoadProfile.Changes(perSecond: 0)
        lines = hies.map { hie in
            ChangeStream(
                of: population, at: hie, createPercent: changes.createPercent, deletePercent: changes.deletePercent,
                restChanges: max(64, 2 * changes.batch)
            ).map { SourceLine($0, batchSize: changes.batch) }
        }
        sources = lines.indices.filter { [lines] in lines[$0] != nil }
        ledger = Ledger(sources: hies.count)
        replication = ReplicationClock(hies: hies.count)
        figures = DriveFigures(workers: hies.count)
        random = SplitMix64(seed: profile.seed ^ 0x6C6F_6F6B)
        isPolling = Array(repeating: false, count: hies.count)
        peerReadings = Array(repeating: PeerReading(), count: hies.count)
    }

    /// Connects to the workers' progress, and waits until each has told it.
    func start(_ targets: [LoadTarget], secondsMax: Double = progressSecondsMax) async throws {
        guard sites.isEmpty else { return }
        sites = targets.enumerated().map { site($1, place: $0) }
        for site in sites { site.feed.start() }
        try await wait(secondsMax: secondsMax) {
            self.board.unheard.isEmpty
        } orThrow: {
            let names = self.board.unheard.map(\.text).joined(separator: ", ")
            return LoadTestError(.worker, "no progress is told by \(names): GET /api/progress has to answer")
        }
        await poll()
    }

    static let progressSecondsMax = 60.0
    private static let waitMilliseconds = 20

    /// Asks again and again, for a time at most.
    func wait(
        secondsMax: Double, _ condition: () async -> Bool, orThrow error: () -> LoadTestError
    ) async throws {
        let deadline = HTTPLane.now + UInt64(secondsMax * 1e9)
        while await !condition() {
            guard HTTPLane.now < deadline else { throw error() }
            try await Task.sleep(for: .milliseconds(Self.waitMilliseconds))
        }
    }

    private func site(_ target: LoadTarget, place: Int) -> Site {
        Site(
            target, place: place, deadlineMilliseconds: profile.queries?.deadlineMilliseconds ?? 2000, on: eventLoop
        ) { [weak self] event, moment in
            self?.assumeIsolated { $0.progressed(place, event, at: moment) }  // the feed calls on this event loop
        }
    }

    func close() {
        schedule.isRunning = false
        for site in sites { site.close() }
        sites = []
        end()
    }

    func publish() { onPublish(figures, ledger) }

    // MARK: - Progress

    private func progressed(_ worker: Int, _ event: ProgressEvent, at moment: UInt64) {
        board.heard(worker)
        if let head = event.head { board.saw(head: head, of: worker) }
        for (hie, watermark) in event.watermarks {
            guard let source = board.place(of: hie) else { continue }
            board.saw(watermark, of: source, at: worker)
            replication.progress(source: source, subscriber: worker, watermark: watermark, at: moment) {
                applied($0, $1, at: moment)
            }
        }
    }

    func applied(_ subscriber: Int, _ applied: ReplicationClock.Applied, at moment: UInt64) {
        guard applied.intendedAt >= measuredFrom else { return }
        figures.applied.succeeded(applied.changes, inTime: moment <= schedule.endsAt)
        figures.replication.record(
            corrected: applied.corrected, uncorrected: applied.uncorrected, count: applied.changes)
        figures.workers[subscriber].replication.record(
            corrected: applied.corrected, uncorrected: applied.uncorrected, count: applied.changes)
    }

    // MARK: - Faults

    func stopped(_ worker: Int) {
        let reason = "the worker is stopped by a fault"
        if let place = connected.firstIndex(of: hies[worker]) {
            stopped[place] = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        }
        guard sites.indices.contains(worker) else { return }
        sites[worker].lookups.drop(reason)
        sites[worker].queries.drop(reason)
    }

    func goesOn(_ worker: Int) {
        if let place = connected.firstIndex(of: hies[worker]) { stopped[place] = nil }
        guard sites.indices.contains(worker) else { return }
        lines[worker]?.goesOn()
        send(from: worker)
    }

    func moved(_ worker: Int, to target: LoadTarget) {
        guard sites.indices.contains(worker) else { return }
        let old = sites[worker]
        sites[worker] = site(target, place: worker)
        sites[worker].feed.start()
        old.close()
        send(from: worker)
    }

    // MARK: - The end of a schedule

    /// Suspends until `end()`.
    func untilEnd() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                ending = continuation
                if !schedule.isRunning || Task.isCancelled { end() }
            }
        } onCancel: {
            eventLoop.execute { self.assumeIsolated { $0.end() } }  // this is the actor's event loop
        }
    }

    func end() {
        schedule.isRunning = false
        ending?.resume()
        ending = nil
    }
}
