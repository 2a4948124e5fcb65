import AMQP
import CareRecord
import LoadTest
import Logging
import Replication
import ServiceLifecycle
import Storage
import TestSupport
import Topology
import Worker

/// Three HIEs in two regions on one real broker, in a virtual host of their own.
struct Mesh {
    static let barts = HIEIdentifier("barts")!  // a well-formed constant
    static let homerton = HIEIdentifier("homerton")!  // a well-formed constant
    static let kingston = HIEIdentifier("kingston")!  // a well-formed constant
    static let imperial = HIEIdentifier("imperial")!  // a well-formed constant

    let topology: Topology
    let brokerURL: String
    let directory: TemporaryDirectory
    let logger: Logger

    /// On the test process's own broker, or on `brokerURL`. `ofBarts` is what else the topology file says of that HIE,
    /// such as `replicas: [a]`.
    init(brokerURL: String? = nil, declares: Bool = true, ofBarts: String? = nil) async throws {
        let yaml = Self.yaml.replacing("name: Barts,", with: "name: Barts, \(ofBarts.map { $0 + "," } ?? "")")
        topology = try Topology.parse(yaml: yaml, file: "mesh.yaml")
        self.brokerURL =
            if let brokerURL { brokerURL } else { try await PrivateBroker.shared().makeVirtualHost().url }
        directory = try TemporaryDirectory()
        var logger = Logger(label: "mesh") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        self.logger = logger
        if declares { try await declare() }
    }

    func declare() async throws {
        for link in topology.links(brokerURL: brokerURL) {
            let refusals = try await BrokerDeclarations.with(link, access: BrokerAccess(), logger: logger) {
                declarations throws(TopologyError) in
                try await declarations.declare(BrokerObjects(topology: topology, link: link))
            }
            precondition(refusals.isEmpty, "an empty virtual host takes every object")
        }
    }

    func settings(_ hie: HIEIdentifier) -> WorkerSettings { settings(Seat(hie)) }

    func settings(_ seat: Seat) -> WorkerSettings {
        var settings = WorkerSettings(
            topology: topology, hie: seat.hie, dataDirectory: directory.file(seat.text), brokerURL: brokerURL)
        settings.replica = seat.replica
        settings.pulseIntervalMilliseconds = 200
        settings.silentAfterMilliseconds = 1500
        settings.repairHoleAgeMilliseconds = 400
        settings.answerTimeoutMilliseconds = 2000
        return settings
    }

    /// A session with the broker for the test itself.
    func withSession<Value: Sendable>(_ body: @Sendable (Session) async throws -> Value) async throws -> Value {
        let session = try await Session.open(
            Endpoint(url: brokerURL), settings: SessionSettings(name: "test"), logger: logger)
        do {
            let value = try await body(session)
            await session.close()
            return value
        } catch {
            await session.close()
            throw error
        }
    }

    /// What the `sqlite3` program says to `statement` on a file of `hie`.
    @discardableResult
    func sqlite(_ hie: HIEIdentifier, _ file: String, _ statement: String) async throws -> String {
        try await Subprocess.run(
            "/usr/bin/sqlite3", ["-cmd", ".timeout 10000", directory.file("\(hie)/\(file)"), statement])
    }

    /// Runs `body` while the workers run, and stops them gracefully after it.
    func run<Value: Sendable>(
        _ hies: HIEIdentifier..., change: (inout WorkerSettings) -> Void = { _ in },
        _ body: @Sendable ([Worker]) async throws -> Value
    ) async throws -> Value {
        var all: [WorkerSettings] = []
        for hie in hies {
            var settings = settings(hie)
            change(&settings)
            all.append(settings)
        }
        return try await Self.run(all, logger: logger, body)
    }

    /// The same with workers of any kind.
    func run<Value: Sendable>(
        seats: Seat..., body: @Sendable ([Worker]) async throws -> Value
    ) async throws -> Value {
        try await Self.run(seats.map { settings($0) }, logger: logger, body)
    }

    /// Runs `body` while workers with these settings run, and stops them gracefully after it.
    static func run<Value: Sendable>(
        _ settings: [WorkerSettings], logger: Logger, _ body: @Sendable ([Worker]) async throws -> Value
    ) async throws -> Value {
        var workers: [Worker] = []
        for settings in settings { workers.append(try await Worker(settings, logger: logger)) }
        let services = workers.flatMap(\.services)
        let group = ServiceGroup(services: services, logger: logger)
        return try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            do {
                let value = try await body(workers)
                await group.triggerGracefulShutdown()
                try await tasks.next()
                return value
            } catch {
                await group.triggerGracefulShutdown()
                tasks.cancelAll()
                throw error
            }
        }
    }

    private static let yaml = """
        name: Mesh
        regions:
          - id: nel
            name: North East London
            partnership: Record
            broker: { addresses: ["amqp://127.0.0.1:1"] }
            hies:
              - { id: barts, name: Barts, status: connected, sites: [{ name: A, service: acute }] }
              - { id: homerton, name: Homerton, status: connected, sites: [{ name: B, service: acute }] }
          - id: swl
            name: South West London
            partnership: Record
            broker: { addresses: ["amqp://127.0.0.1:2"] }
            hies:
              - { id: kingston, name: Kingston, status: connected, sites: [{ name: C, service: acute }] }
              - { id: imperial, name: Imperial, status: planned, sites: [{ name: D, service: acute }] }
        """
}

extension Worker {
    /// Of a primary.
    var ownRecords: RecordStore {
        guard let records else { preconditionFailure("only primaries are asked for their records") }
        return records
    }

    /// The entries of the patient here, in words: `source reference seq`.
    func entries(of patient: NHSNumber) async throws -> Set<String> {
        Set(try await lookup(patient).entries.map { "\($0.source) \($0.resource.reference) \($0.seq)" })
    }

    /// Whether everything of these HIEs is here.
    func isComplete(of hies: HIEIdentifier...) -> Bool { hies.allSatisfy { state(of: $0) == .complete } }

    func state(of hie: HIEIdentifier) -> CoverageState? {
        coverage().first { $0.hie == hie }?.state
    }
}
