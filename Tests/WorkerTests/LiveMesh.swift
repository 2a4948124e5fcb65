import AMQP
import CareRecord
import Foundation
import LoadTest
import Logging
import TestSupport
import Topology
import Worker

/// A mesh whose topology file is rewritten while its workers run. Each region has a virtual host of its own, which
/// stands for its broker.
struct LiveMesh {
    /// `planned` or `connected`, by HIE.
    typealias Members = [HIEIdentifier: HIE.Status]

    private static let regions = [
        (id: "nel", hies: [Mesh.barts, Mesh.homerton]), (id: "swl", hies: [Mesh.kingston]),
        (id: "nwl", hies: [Mesh.imperial]),
    ]

    let directory: TemporaryDirectory
    let logger: Logger
    /// Of the broker and, by region, the name of its virtual host.
    private let address: String
    private let virtualHosts: [String: String]

    var file: String { directory.file("mesh.yaml") }

    init(_ members: Members) async throws {
        directory = try TemporaryDirectory()
        var logger = Logger(label: "mesh") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        self.logger = logger
        let broker = try await PrivateBroker.shared()
        address = broker.url.replacing("guest:guest@", with: "")
        var virtualHosts: [String: String] = [:]
        for region in Self.regions { virtualHosts[region.id] = try await broker.makeVirtualHost().name }
        self.virtualHosts = virtualHosts
        try write(members)
        try await declare()
    }

    /// Makes this the topology file's contents at once; HIEs without a status are not in it. `moved` names other virtual
    /// hosts by region.
    func write(_ members: Members, moved: [String: String] = [:], to path: String? = nil) throws {
        var lines = ["name: Mesh", "regions:"]
        for region in Self.regions {
            let hies = region.hies.compactMap { hie in members[hie].map { (hie, $0) } }
            guard !hies.isEmpty, let host = moved[region.id] ?? virtualHosts[region.id] else { continue }
            lines += ["  - id: \(region.id)", "    name: Region \(region.id)", "    partnership: Record"]
            lines += ["    broker: { addresses: [\"\(address)\"], virtualHost: \(host) }", "    hies:"]
            for (hie, status) in hies {
                lines.append("      - { id: \(hie), name: \(hie), status: \(status.rawValue),")
                lines.append("          sites: [{ name: A, service: acute }] }")
            }
        }
        try write(text: lines.joined(separator: "\n"), to: path)
    }

    func write(text: String, to path: String? = nil) throws {
        try text.write(toFile: path ?? file, atomically: true, encoding: .utf8)
    }

    /// What `wherry topology apply` does with the file.
    func declare(_ path: String? = nil) async throws {
        let topology = try Topology.load(path: path ?? file)
        for link in topology.links() {
            let refusals = try await BrokerDeclarations.with(link, access: access, logger: logger) {
                declarations throws(TopologyError) in
                try await declarations.declare(BrokerObjects(topology: topology, link: link))
            }
            precondition(refusals.isEmpty, "the virtual host takes every object")
        }
    }

    /// A session to the region's broker for a client that is no worker.
    func session(_ region: String) async throws -> Session {
        let host = virtualHosts[region] ?? "/"
        return try await Session.open(
            access.endpoint("\(address)/\(host)"), settings: SessionSettings(name: "client"), logger: logger)
    }

    /// Runs `body` while the workers run, with the file as it is now for a start. With `replica` they are those.
    func run<Value: Sendable>(
        _ hies: HIEIdentifier..., replica: ReplicaName? = nil, topologyFile: String? = nil, interval: Int64 = 50,
        _ body: @Sendable ([Worker]) async throws -> Value
    ) async throws -> Value {
        let file = topologyFile ?? file
        let all = try hies.map { hie in
            var settings = WorkerSettings(
                topology: try Topology.load(path: file), hie: hie,
                dataDirectory: directory.file(Seat(hie, replica: replica).text))
            settings.replica = replica
            settings.access = access
            settings.topologyFile = file
            settings.topologyIntervalMilliseconds = interval
            settings.topologySettleMilliseconds = 10
            settings.pulseIntervalMilliseconds = 200
            settings.silentAfterMilliseconds = 1500
            return settings
        }
        return try await Mesh.run(all, logger: logger, body)
    }

    private var access: BrokerAccess { BrokerAccess(user: "guest", password: "guest") }
}

extension Worker {
    /// Whether this worker says why it does not take up its topology file, in these words.
    func refusesTopology(saying words: String) -> Bool {
        readiness.state == .degraded
            && readiness.reasons.contains { $0.part == "topology" && $0.reason.contains(words) }
    }

    var isTopologyRefused: Bool { readiness.reasons.contains { $0.part == "topology" } }
}
