import AMQP
package import CareRecord
import Keys
package import Logging
import NIOConcurrencyHelpers
package import Replication
package import ServiceLifecycle
package import Storage
package import Topology

/// One of an HIE's workers: its files, what it knows of its peers and brokers, and the services that keep it going.
/// A replica has all of it but what a journal needs: own records, and the services that publish and answer from them.
///
/// Opening takes the data directory's lock and reads what earlier runs kept; nothing runs before the services do.
package final class Worker: Sendable {
    package let settings: WorkerSettings
    /// Own resources and their journal; `nil` at a replica.
    package let records: RecordStore?
    package let deadLetters: DeadLetterStore
    package let letters: DeadLetterDesk
    package let audit: AuditStore
    package let coverageBoard: CoverageBoard
    package let brokers: BrokerBoard
    package let keys = KeyBoard()
    package let counters = CounterBoard()
    package let pauses = PauseBoard()
    package let durations = Durations()
    /// How far the own journal is confirmed by the broker.
    package let published = HeadSignal(head: 0)
    package let breakers: BreakerBoard
    package let clock: WallClock
    package let startedAt: Timestamp
    let keeper: IndexKeeper
    private let held: HeldBoard
    private let parking: Parking
    private let writer: IndexWriter
    private let replays: ReplayDesk
    private let replayBoard = ReplayBoard()
    private let endings: LetterEndings
    let questioner: Questioner
    let indexAudit: Audit
    let queries: QueryDesk
    private let leavingSince = NIOLockedValueBox<Timestamp?>(nil)
    private let directory: DataDirectory
    private let topologyBoard: TopologyBoard
    private let watch: TopologyWatch?
    private let keyWatch: KeyWatch?
    private let upkeep: Upkeep
    private let retry: StorageRetry
    private let logger: Logger

    package init(_ settings: WorkerSettings, clock: WallClock = .system, logger: Logger) async throws {
        self.settings = settings
        self.clock = clock
        self.logger = logger
        startedAt = clock.now
        var view = try MeshView(settings.topology, for: settings)
        let keyFiles = settings.access.tls.map {
            KeyFiles($0, account: view.isByCertificate ? settings.hie.text : nil)
        }
        view.keys = try await Self.fingerprint(of: keyFiles, board: keys)
        topologyBoard = TopologyBoard(view)
        keyWatch = keyFiles.map { [topologyBoard, keys, pauses] files in
            KeyWatch(
                files: files, intervalMilliseconds: settings.keysIntervalMilliseconds, board: topologyBoard, keys: keys,
                pauses: pauses, clock: clock, logger: logger)
        }
        let seat = view.seat
        directory = try DataDirectory(path: settings.dataDirectory, seat: seat)
        var limits = Subscription.Limits()
        limits.holeAgeMilliseconds = settings.repairHoleAgeMilliseconds
        coverageBoard = CoverageBoard(limits: limits)
        let index = try IndexStore(path: directory.file("index.sqlite")) { [counters] moved in
            counters.count { $0.indexRebuilds += 1 }
            logger.error("index.set.aside", metadata: ["index.moved": "\(moved)"])
        }
        keeper = IndexKeeper(index: index, coverage: coverageBoard, counters: counters, logger: logger)
        var records: RecordStore?
        if let journal = seat.journal {
            let own = try await keeper.read { index throws(StorageError) in try await index.source(journal)?.progress }
            records = try RecordStore(
                path: directory.file("records.sqlite"), shares: view.own.shares, now: clock.now,
                witness: JournalWitness(epoch: own?.epoch, through: own?.applied.highest ?? 0))
        }
        self.records = records
        deadLetters = try DeadLetterStore(path: directory.file("deadletters.sqlite"))
        audit = try AuditStore(path: directory.file("audit.sqlite"))
        breakers = BreakerBoard(settings: settings.breaker)
        coverageBoard.restore(
            try await keeper.read { index throws(StorageError) in try await index.sources() })
        held = HeldBoard(coverage: coverageBoard)
        held.add(try await deadLetters.parked())
        endings = LetterEndings(held: held)
        brokers = BrokerBoard(view.lines.map { ($0.link, $0.role) }, now: clock.now)
        watch = settings.topologyFile.map { [topologyBoard, pauses] file in
            TopologyWatch(
                file: file, settings: settings, board: topologyBoard, pauses: pauses, clock: clock, logger: logger)
        }
        retry = StorageRetry(pauses: pauses, clock: clock, logger: logger)
        parking = Parking(
            letters: deadLetters, held: held, counters: counters, retry: retry, clock: clock, logger: logger)
        writer = IndexWriter(
            keeper: keeper, coverage: coverageBoard, endings: endings, counters: counters, retry: retry,
            parking: parking, clock: clock, logger: logger)
        replays = ReplayDesk(
            seat: seat, store: deadLetters, index: writer, held: held, topology: topologyBoard, retry: retry,
            counters: counters, clock: clock)
        letters = DeadLetterDesk(
            seat: seat, store: deadLetters, replays: replays, board: replayBoard, held: held, index: writer,
            topology: topologyBoard, coverage: coverageBoard, clock: clock)
        var generator = SystemRandomNumberGenerator()
        let run = WorkerRun(using: &generator)
        let correspondence = Correspondence(
            hie: seat.hie, run: run, topology: topologyBoard, timeoutMilliseconds: settings.answerTimeoutMilliseconds,
            brokers: brokers, counters: counters)
        questioner = Questioner(
            seat: seat,
            desk: records.map { [counters] records in
                JournalDesk(
                    hie: seat.hie, records: records,
                    limits: PageLimits(changesMax: settings.answerChangesMax, bytesMax: settings.answerBytesMax),
                    run: run, counters: counters, clock: clock, logger: logger)
            },
            correspondence: correspondence)
        let trail = AccessTrail(store: audit, clock: clock, logger: logger)
        var gathering = settings.gathering
        gathering.fairMilliseconds = settings.breaker.slowAfterMilliseconds
        queries = QueryDesk(
            seat: seat, topology: topologyBoard, correspondence: correspondence,
            records: records.map { [topologyBoard] records in
                RecordDesk(
                    records: records, topology: topologyBoard, trail: trail,
                    pageBytesMax: settings.recordPageBytesMax, resourceBytesMax: settings.recordResourceBytesMax)
            },
            breakers: breakers, trail: trail, budget: ByteBudget(bytesMax: settings.queryBytesMax),
            limits: gathering, counters: counters, clock: clock, logger: logger)
        indexAudit = Audit(keeper: keeper, coverage: coverageBoard, counters: counters, clock: clock, logger: logger)
        upkeep = Upkeep(keeper: keeper, coverage: coverageBoard, retry: retry, clock: clock)
    }

    package var hie: HIEIdentifier { settings.hie }
    package var seat: Seat { settings.seat }

    /// Identifies this run of the worker: the part of its addresses that a later run does not share.
    package var run: WorkerRun { questioner.correspondence.run }

    /// The topology in force.
    package var topology: Topology { topologyBoard.present.topology }

    /// The brokers of the topology in force, in its order.
    package var links: [BrokerLink] { topologyBoard.present.links }

    /// What runs until the worker is stopped.
    package var services: [any Service] {
        let own = records.map { records in
            OwnChanges(
                hie: hie, records: records, index: writer, parking: parking, retry: retry, coverage: coverageBoard,
                clock: clock, limits: settings.ownChanges,
                pulseIntervalMilliseconds: settings.pulseIntervalMilliseconds)
        }
        let repairer = Repairer(topology: topologyBoard) { self.sourceRepairer($0) }
        let auditor = Auditor(
            topology: topologyBoard, audit: indexAudit, retry: retry, intervalSeconds: settings.auditIntervalSeconds)
        let prober = Prober(
            seat: seat, topology: topologyBoard, breakers: breakers, correspondence: questioner.correspondence,
            settings: settings, clock: clock, logger: logger)
        let links = Links(
            topology: topologyBoard, brokers: brokers, stopTimeoutSeconds: 2 * settings.stopTimeoutSeconds,
            clock: clock, logger: logger
        ) { link, role, endpoints in
            self.service(for: self.line(link, role, endpoints))
        }
        let letterKeeper = LetterKeeper(
            store: deadLetters, desk: replays, index: writer, endings: endings, held: held, board: replayBoard,
            coverage: coverageBoard, clock: clock, logger: logger)
        let runner = ReplayRunner(
            seat: seat, store: deadLetters, desk: replays, board: replayBoard, topology: topologyBoard, retry: retry,
            clock: clock, logger: logger)
        let optional: [(any Service)?] = [own, watch, keyWatch]
        return [upkeep, repairer, auditor, prober, letterKeeper, runner] + optional.compactMap(\.self) + [links]
    }

    /// Stores what a submission holds; the journal, the index and the peers follow by themselves. Nobody submits
    /// anything to a replica: the gateway has no way to.
    package func submit(_ operations: [Submission.Operation]) async throws(StorageError) -> [RecordOutcome] {
        guard let records else { preconditionFailure("a replica has no records of its own") }
        let outcomes = try await records.submit(operations, now: clock.now)
        counters.count { $0.resourcesAccepted += Int64(operations.count) }
        return outcomes
    }

    /// `nil` for files that do not go together yet. Those of another HIE are refused: they will not become this one's.
    private static func fingerprint(of files: KeyFiles?, board: KeyBoard) async throws(WorkerError) -> String? {
        guard let finding = await files?.look() else { return nil }
        board.take(finding)
        switch finding.verdict {
        case .usable(let fingerprint): return fingerprint
        case .foreign(let reason): throw WorkerError(.foreignCertificate, reason)
        case .unusable: return nil
        }
    }

    private func line(_ link: BrokerLink, _ role: BrokerBoard.Role, _ endpoints: [Endpoint]) -> BrokerLine {
        BrokerLine(
            begun: link, role: role, endpoints: endpoints,
            settings: SessionSettings(role.rawValue, of: seat, to: endpoints),
            // Every link has such a line, and an alarm does not hold it up.
            slowness: role == .consume ? settings.slowness : nil, topology: topologyBoard, board: brokers,
            counters: counters, clock: clock, logger: logger)
    }

    private func service(for line: BrokerLine) -> any Service {
        switch line.role {
        case .publish:
            guard let records else { preconditionFailure("a replica has no line to publish on") }
            return Outbox(
                settings: settings, records: records, line: line, retry: retry, counters: counters,
                published: published, durations: durations.confirm, clock: clock, logger: logger)
        case .consume:
            return Intake(
                seat: seat, line: line, topology: topologyBoard, watch: watch, settings: settings, index: writer,
                parking: parking, replays: replays, poison: poison,
                drain: drain(of: line), coverage: coverageBoard, counters: counters, durations: durations.apply,
                clock: clock, logger: logger)
        case .ask:
            return Enquirer(
                seat: seat, line: line, correspondence: questioner.correspondence, breakers: breakers, poison: poison,
                counters: counters, clock: clock, logger: logger)
        case .answer:
            guard let journal = questioner.desk, let records = queries.records else {
                preconditionFailure("a replica has no line to answer on")
            }
            return Responder(
                hie: hie, topology: topologyBoard, watch: watch, line: line, journal: journal,
                records: records, trail: queries.trail, settings: settings, counters: counters, clock: clock,
                logger: logger)
        }
    }

    private var poison: PoisonWatch {
        PoisonWatch(letters: deadLetters, retry: retry, run: run.text, clock: clock)
    }

    private func drain(of line: BrokerLine) -> Drain {
        Drain(
            seat: seat, line: line, topology: topologyBoard, parking: parking, poison: poison, pauses: pauses,
            counters: counters, clock: clock, logger: logger)
    }

    private func sourceRepairer(_ source: HIEIdentifier) -> SourceRepairer {
        SourceRepairer(
            source: source, topology: topologyBoard, coverage: coverageBoard, questioner: questioner, index: writer,
            parking: parking, holeAgeMilliseconds: settings.repairHoleAgeMilliseconds, counters: counters, clock: clock,
            logger: logger)
    }
}

extension Worker {
    /// It is to get no requests any more.
    func noteLeaving() { leavingSince.withLockedValue { $0 = clock.now } }

    /// No round of upkeep for this long means that the worker is stuck.
    private static let stuckAfterMilliseconds: Int64 = 60_000

    /// When it was told to stop, if it was.
    var leaving: Timestamp? { leavingSince.withLockedValue { $0 } }

    /// Whether the worker's own loop goes round.
    package var isAlive: Bool { clock.now.since(upkeep.lastBeat) < Self.stuckAfterMilliseconds }
}
