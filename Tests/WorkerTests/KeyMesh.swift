import AMQP
import CareRecord
import Keys
import LoadTest
import Logging
import TestSupport
import Topology
import Worker

/// Two HIEs at one broker that they log in to with certificates.
struct KeyMesh {
    let room: KeyRoom
    private let broker: PrivateBroker
    private let topology: Topology
    private let directory: TemporaryDirectory
    private let logger: Logger

    init() async throws {
        room = try KeyRoom(at: KeyRoom.present(days: -100))
        try room.issue(.broker(region: "nel", names: ["localhost"]), at: KeyRoom.present())
        try room.issue(.hie(Mesh.barts), days: 50, at: KeyRoom.present())
        try room.issue(.hie(Mesh.homerton), at: KeyRoom.present())
        let (broker, port) = try await PrivateBroker.start(certificate: "nel", in: room)
        self.broker = broker
        for hie in [Mesh.barts, Mesh.homerton] { try await broker.addAccount(hie.text) }
        topology = try Topology.parse(yaml: Self.yaml(port: port), file: "mesh.yaml")
        directory = try TemporaryDirectory()
        var logger = Logger(label: "mesh") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        self.logger = logger
        for link in topology.links() {
            let refusals = try await BrokerDeclarations.with(link, access: access(Mesh.barts), logger: logger) {
                declarations throws(TopologyError) in
                try await declarations.declare(BrokerObjects(topology: topology, link: link))
            }
            precondition(refusals.isEmpty, "an empty virtual host takes every object")
        }
    }

    func settings(_ hie: HIEIdentifier, certificate: HIEIdentifier? = nil) -> WorkerSettings {
        var settings = WorkerSettings(topology: topology, hie: hie, dataDirectory: directory.file(hie.text))
        settings.access = access(certificate ?? hie)
        settings.keysIntervalMilliseconds = 50
        settings.pulseIntervalMilliseconds = 200
        settings.silentAfterMilliseconds = 1500
        return settings
    }

    func worker(_ settings: WorkerSettings) async throws -> Worker { try await Worker(settings, logger: logger) }

    func run<Value: Sendable>(
        _ hies: HIEIdentifier..., body: @Sendable ([Worker]) async throws -> Value
    ) async throws -> Value {
        try await Mesh.run(hies.map { settings($0) }, logger: logger, body)
    }

    /// The times of the certificates that the connections of an HIE use, as the broker sees them: one a connection.
    func times(_ hie: HIEIdentifier) async throws -> [String] {
        let text = try await broker.eval(
            """
            [io_lib:format("~s~n", [V]) || [{user, U}, {peer_cert_validity, V}] <- \
            rabbit_networking:connection_info_all([user, peer_cert_validity]), U =:= <<"\(hie)">>].
            """)
        return text.matches(of: #/\d{4}-\d\d-\d\dT[0-9:]+Z - \d{4}-\d\d-\d\dT[0-9:]+Z/#).map { String($0.output) }
    }

    func stop() async throws { try await broker.stop() }

    private func access(_ hie: HIEIdentifier) -> BrokerAccess {
        BrokerAccess(
            tls: TLSFiles(
                ca: room.file("ca.pem"), certificate: room.file("hies/\(hie).pem"), key: room.file("hies/\(hie).key")))
    }

    private static func yaml(port: UInt16) -> String {
        """
        name: Mesh
        regions:
          - id: nel
            name: North East London
            partnership: Record
            broker: { addresses: ["amqps://localhost:\(port)"] }
            hies:
              - { id: barts, name: Barts, status: connected, sites: [{ name: A, service: acute }] }
              - { id: homerton, name: Homerton, status: connected, sites: [{ name: B, service: acute }] }
        """
    }
}
