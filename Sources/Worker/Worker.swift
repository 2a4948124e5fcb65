import AMQP
package import CareRecord
package import Logging
import Replication
package import ServiceLifecycle
package import Storage
import Topology

/// One HIE's worker: its files, what it knows of its peers and brokers, and the services that keep it going.
///
/// Opening takes the data directory's lock and reads what earlier runs kept; nothing runs before the services do.
package final class Worker: Sendable {
    package let settings: WorkerSettings
    package let records: RecordStore
    package let index: IndexStore
    package let deadLetters: DeadLetterStore
    package let coverageBoard: CoverageBoard
    package let brokers: BrokerBoard
    package let counters = CounterBoard()
    package let pauses = PauseBoard()
    package let clock: WallClock
    /// Identifies this run of the worker: the part of its addresses that a later run does not share.
    package let startedAt: Timestamp
    private let directory: DataDirectory
    private let lines: [BrokerLine]
    private let upkeep: Upkeep
    private let retry: StorageRetry
    private let logger: Logger

    package init(_ settings: WorkerSettings, clock: WallClock = .system, logger: Logger) async throws {
        self.settings = settings
        self.clock = clock
        self.logger = logger
        startedAt = clock.now
        let hie = try Self.hie(settings)
        directory = try DataDirectory(path: settings.dataDirectory, hie: hie.id)
        index = try IndexStore(path: directory.file("index.sqlite")) { moved in
            logger.error("index.set.aside", metadata: ["index.moved": "\(moved)"])
        }
        let own = try await index.source(hie.id)?.progress
        records = try RecordStore(
            path: directory.file("records.sqlite"), shares: hie.shares, now: clock.now,
            witness: JournalWitness(epoch: own?.epoch, through: own?.applied.highest ?? 0))
        deadLetters = try DeadLetterStore(path: directory.file("deadletters.sqlite"))
        coverageBoard = CoverageBoard()
        coverageBoard.restore(try await index.sources())
        coverageBoard.held(try await deadLetters.counts())
        let links = settings.topology.links(brokerURL: settings.brokerURL)
        let roles = links.flatMap { link -> [(BrokerLink, BrokerBoard.Role)] in
            link.regions.contains(hie.region) ? [(link, .publish), (link, .consume)] : [(link, .consume)]
        }
        brokers = BrokerBoard(roles.map { ($0.0.name, $0.1) }, now: clock.now)
        var lines: [BrokerLine] = []
        for (link, role) in roles {
            lines.append(
                BrokerLine(
                    link: link, role: role, endpoints: try Self.endpoints(link, settings.access),
                    settings: SessionSettings(name: "wherry \(hie.id) \(role.rawValue)"), board: brokers,
                    counters: counters, clock: clock, logger: logger))
        }
        self.lines = lines
        retry = StorageRetry(pauses: pauses, clock: clock, logger: logger)
        upkeep = Upkeep(index: index, coverage: coverageBoard, retry: retry, clock: clock)
    }

    package var hie: HIEIdentifier { settings.hie }

    /// What runs until the worker is stopped.
    package var services: [any Service] {
        let writer = IndexWriter(
            index: index, coverage: coverageBoard, counters: counters, retry: retry, clock: clock, logger: logger)
        let own = OwnChanges(
            hie: hie, records: records, index: writer, retry: retry, coverage: coverageBoard, clock: clock,
            limits: settings.outbox)
        return [upkeep, own] + lines.map { service(for: $0, writer) }
    }

    /// Stores what a submission holds; the journal, the index and the peers follow by themselves.
    package func submit(_ operations: [Submission.Operation]) async throws(StorageError) -> [RecordOutcome] {
        let outcomes = try await records.submit(operations, now: clock.now)
        counters.count { $0.resourcesAccepted += Int64(operations.count) }
        return outcomes
    }

    private func service(for line: BrokerLine, _ writer: IndexWriter) -> any Service {
        switch line.role {
        case .publish:
            return Outbox(
                settings: settings, records: records, line: line, retry: retry, counters: counters, clock: clock,
                logger: logger)
        case .consume:
            let parking = Parking(
                letters: deadLetters, coverage: coverageBoard,
                counters: counters, retry: retry, clock: clock, logger: logger)
            return Intake(
                hie: hie, line: line, settings: settings, index: writer, parking: parking, coverage: coverageBoard,
                counters: counters, clock: clock, logger: logger)
        }
    }

    private static func hie(_ settings: WorkerSettings) throws(WorkerError) -> HIE {
        guard let hie = settings.topology.hie(settings.hie) else {
            let known = settings.topology.hies.map(\.id.text).joined(separator: ", ")
            throw WorkerError(.unknownHIE, "\(settings.hie) is not in the topology; it has \(known)")
        }
        guard hie.status == .connected else {
            throw WorkerError(
                .plannedHIE,
                """
                \(settings.hie) is planned: write status: connected in the topology file, run wherry topology apply, \
                then start it
                """
            )
        }
        return hie
    }

    private static func endpoints(_ link: BrokerLink, _ access: BrokerAccess) throws -> [Endpoint] {
        try link.addresses.map { address in
            do {
                return try access.endpoint(address)
            } catch {
                throw WorkerError(.badBroker, "broker \(link.name): \(error)")
            }
        }
    }
}

extension Worker {
    /// No round of upkeep for this long means that the worker is stuck.
    private static let stuckAfterMilliseconds: Int64 = 60_000

    /// Whether the worker's own loop goes round.
    package var isAlive: Bool { clock.now.since(upkeep.lastBeat) < Self.stuckAfterMilliseconds }
}
