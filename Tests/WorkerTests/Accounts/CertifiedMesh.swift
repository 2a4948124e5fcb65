import AMQP
import CareRecord
import Foundation
import LoadTest
import Logging
import TestSupport
import Topology
import Worker

/// Three HIEs in two regions, each with a virtual host that stands for its broker. Every HIE logs in with its own
/// certificate, to the account that `wherry topology apply` makes for it.
struct CertifiedMesh {
    private static let peer = Lazy {
        let names = [Mesh.barts, Mesh.homerton, Mesh.kingston].map(\.text)
        return try await TLSBroker(
            clients: Dictionary(uniqueKeysWithValues: names.map { ($0, $0) }), hasManagement: true)
    }

    let peer: TLSBroker
    let topology: Topology
    let directory: TemporaryDirectory
    /// The names of the virtual hosts of barts and homerton, and of kingston.
    let virtualHosts: [String]
    private let logger: Logger

    init() async throws {
        let peer = try await Self.peer.value()
        self.peer = peer
        directory = try TemporaryDirectory()
        logger = Logger(label: "mesh") { _ in SwiftLogNoOpLogHandler() }
        virtualHosts = [
            try await peer.broker.makeVirtualHost().name, try await peer.broker.makeVirtualHost().name,
        ]
        func region(_ id: String, _ host: String, _ hies: HIEIdentifier...) -> String {
            """
              - id: \(id)
                name: Region \(id)
                partnership: Record
                broker: { addresses: ["\(peer.url)"], virtualHost: \(host), management: "\(peer.managementURL)" }
                hies:

            """
                + hies.map {
                    "      - { id: \($0), name: \($0), status: connected, sites: [{ name: A, service: acute }] }\n"
                }.joined()
        }
        topology = try Topology.parse(
            yaml: "name: Mesh\nregions:\n" + region("nel", virtualHosts[0], Mesh.barts, Mesh.homerton)
                + region("swl", virtualHosts[1], Mesh.kingston),
            file: "mesh.yaml")
        try await apply()
    }

    /// The accounts belong to the broker, which all meshes of this kind share.
    private static let applying = Room(placesMax: 1)

    /// What `wherry topology apply` does with a user who may.
    func apply() async throws {
        await Self.applying.enter()
        defer { Self.applying.leave() }
        for link in topology.links() {
            let objects = BrokerObjects(topology: topology, link: link)
            let refusals = try await BrokerDeclarations.with(link, access: operatorAccess, logger: logger) {
                declarations throws(TopologyError) in try await declarations.declare(objects)
            }
            let difference = try await topology.difference(at: link, access: operatorAccess, managementURL: nil)
            let left = try await link.settle(difference, .stay, access: operatorAccess, managementURL: nil)
            precondition(refusals.isEmpty && left.isEmpty, "an empty virtual host takes everything")
        }
    }

    /// A user with a password, over TLS.
    private var operatorAccess: BrokerAccess {
        BrokerAccess(user: "guest", password: "guest", tls: peer.files())
    }

    func settings(_ hie: HIEIdentifier) -> WorkerSettings {
        var settings = WorkerSettings(topology: topology, hie: hie, dataDirectory: directory.file(hie.text))
        settings.access = BrokerAccess(tls: peer.files(hie.text))
        settings.pulseIntervalMilliseconds = 200
        settings.silentAfterMilliseconds = 1500
        settings.repairHoleAgeMilliseconds = 400
        settings.answerTimeoutMilliseconds = 2000
        return settings
    }

    func run<Value: Sendable>(
        _ hies: HIEIdentifier..., change: (inout WorkerSettings) -> Void = { _ in },
        _ body: @Sendable ([Worker]) async throws -> Value
    ) async throws -> Value {
        let all = hies.map { hie in
            var settings = settings(hie)
            change(&settings)
            return settings
        }
        return try await Mesh.run(all, logger: logger, body)
    }

    /// A session with the broker of a region: of the HIE's own account, or of the operator.
    func withSession<Value: Sendable>(
        _ region: String, as hie: HIEIdentifier?, _ body: (Session) async throws -> Value
    ) async throws -> Value {
        let access = hie.map { BrokerAccess(tls: peer.files($0.text)) } ?? operatorAccess
        guard let address = topology.region(region)?.broker.addresses.first else {
            preconditionFailure("a region of this mesh")
        }
        let session = try await Session.open(
            access.endpoint(address), settings: SessionSettings(name: "test", userID: hie?.text), logger: logger)
        do {
            let value = try await body(session)
            await session.close()
            return value
        } catch {
            await session.close()
            throw error
        }
    }

    /// Lets homerton's certificate try what it must not be able to do to barts and kingston. Returns what it says.
    func intrude(
        _ mode: String, runs: [HIEIdentifier: String], epoch: String = "", head: Int64 = 0, question: String = ""
    ) async throws -> String {
        let settings: JSON = [
            "port": .number("\(peer.port)"), "management": .string(peer.managementURL),
            "certificates": .string(peer.path("")), "home": .string(virtualHosts[0]),
            "away": .string(virtualHosts[1]), "intruder": .string("homerton"), "victim": .string("barts"),
            "third": .string("kingston"),
            "runs": [
                "barts": .string(runs[Mesh.barts] ?? "1"), "kingston": .string(runs[Mesh.kingston] ?? "1"),
            ],
            "epoch": .string(epoch), "head": .number("\(head)"), "question": .string(question),
            "patient": .string(FHIRFixture.number(2).text),
        ]
        let file = directory.file("intruder-\(mode).json")
        var writer = JSONWriter(capacity: 1024)
        writer.element(settings)
        try Data(writer.bytes).write(to: URL(filePath: file))
        return try await Subprocess.run(
            "/usr/bin/python3", [packageDirectory + "/Tests/WorkerTests/Accounts/intruder.py", file, mode],
            secondsMax: 240)
    }
}
