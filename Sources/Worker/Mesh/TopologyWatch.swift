import CareRecord
import Logging
import ServiceLifecycle
import Topology

/// Looks at the topology file while the worker runs, and puts what it says in force.
///
/// A file that is refused changes nothing: its reason is shown until it is right. A file that is still being written is
/// let be: it counts once two looks in a row find the same.
actor TopologyWatch: Service {
    /// What a look found.
    private enum Finding: Sendable, Hashable {
        case text(String)
        case unreadable(reason: String)
    }

    private static let part = "topology"
    /// Looks that are asked for are at least so far apart.
    private static let askedLooksApart = Duration.seconds(1)
    /// Looks at a file that goes on changing, before it is left until the next time.
    private static let looksInARowMax = 10

    private let file: TopologyFile
    private let settings: WorkerSettings
    private let board: TopologyBoard
    private let pauses: PauseBoard
    private let clock: WallClock
    private let logger: Logger
    /// What was last put in force or refused.
    private var considered: Finding?
    private var isRefused = false
    private var isLooking = false
    private var lookedAt: ContinuousClock.Instant?
    /// Those who wait for the look that is under way: at most the worker's consumers.
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(
        file: String, settings: WorkerSettings, board: TopologyBoard, pauses: PauseBoard, clock: WallClock,
        logger: Logger
    ) {
        self.file = TopologyFile(path: file)
        self.settings = settings
        self.board = board
        self.pauses = pauses
        self.clock = clock
        self.logger = logger
    }

    func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            await look()
            _ = try? await cancelWhenGracefulShutdown { [settings] in
                try await Task.sleep(for: .milliseconds(settings.topologyIntervalMilliseconds))
            }
        }
    }

    /// Returns when what the file says counts, unless it was looked at a moment ago.
    func refresh() async {
        if !isLooking, let lookedAt, lookedAt.duration(to: .now) < Self.askedLooksApart { return }
        await look()
    }

    private func look() async {
        guard !isLooking else {
            return await withCheckedContinuation { waiters.append($0) }
        }
        isLooking = true
        lookedAt = .now
        if let finding = await settledFinding(), finding != considered {
            considered = finding
            await consider(finding)
        }
        isLooking = false
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    /// What the file says once it stays the same; `nil` while it does not.
    private func settledFinding() async -> Finding? {
        var finding = await find()
        for _ in 0..<Self.looksInARowMax {
            if finding == considered { return finding }
            do { try await Task.sleep(for: .milliseconds(settings.topologySettleMilliseconds)) } catch { return nil }
            let next = await find()
            if next == finding { return finding }
            finding = next
        }
        return nil
    }

    private func find() async -> Finding {
        do throws(TopologyError) {
            return .text(try await file.text())
        } catch {
            return .unreadable(reason: error.description)
        }
    }

    private func consider(_ finding: Finding) async {
        switch finding {
        case .unreadable(let reason): refuse(reason)
        case .text(let text):
            let topology: Topology
            do throws(TopologyError) {
                topology = try await file.topology(of: text)
            } catch {
                return refuse(Self.advice(on: error, file: file.path))
            }
            do throws(WorkerError) {
                accept(try MeshView(topology, for: settings))
            } catch {
                refuse(advice(on: error))
            }
        }
    }

    private func accept(_ view: MeshView) {
        if isRefused {
            isRefused = false
            pauses.resume(Self.part)
            logger.notice("part.resumed", metadata: ["part": "\(Self.part)"])
        }
        let before = board.present
        guard view.topology != before.topology else { return }
        board.take(view)
        logger.notice(
            "topology.changed", metadata: TopologyChange(from: before.topology, to: view.topology).metadata)
        if settings.seat.journal != nil, view.own.shares != before.own.shares {
            logger.warning(
                "topology.shares.changed", metadata: ["advice": "restart this worker: it counts from then on"])
        }
    }

    private func refuse(_ reason: String) {
        isRefused = true
        let shown = "the topology before stays in force: \(reason)"
        pauses.pause(Self.part, reason: shown, now: clock.now)
        logger.warning("topology.refused", metadata: ["topology.file": "\(file.path)", "reason": "\(shown)"])
    }

    /// On one line: the first mistake, and how to see the others.
    private static func advice(on error: TopologyError, file: String) -> String {
        guard let first = error.mistakes.first else { return error.reason }
        guard error.mistakes.count > 1 else { return first.description }
        return "\(first); wherry topology validate --topology \(file) shows all \(error.mistakes.count) mistakes"
    }

    /// The errors speak of a start; this worker runs.
    private func advice(on error: WorkerError) -> String {
        switch error.code {
        case .unknownHIE: "\(file.path): \(error.reason): put it back, or stop this worker"
        case .plannedHIE:
            "\(file.path): \(settings.hie), whose worker this is, is planned: write status: connected, or stop it"
        case .unknownReplica: "\(file.path): \(error.reason), or stop this worker"
        case .badBroker, .foreignCertificate: "\(file.path): \(error.reason)"
        }
    }
}

extension TopologyChange {
    /// Only what there is.
    fileprivate var metadata: Logger.Metadata {
        let lists = [
            "hies.connected": connected.map(\.text), "hies.planned": setBack.map(\.text),
            "hies.added": added.map(\.text), "hies.removed": removed.map(\.text),
            "replicas.added": replicasAdded.map(\.text), "replicas.removed": replicasRemoved.map(\.text),
            "regions.moved": moved,
        ]
        return lists.filter { !$0.value.isEmpty }.mapValues { "\($0.joined(separator: ", "))" }
    }
}
