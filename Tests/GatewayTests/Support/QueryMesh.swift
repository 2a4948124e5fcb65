import AMQP
import AsyncHTTPClient
import CareRecord
import Foundation
import Gateway
import LoadTest
import Logging
import NIOCore
import NIOHTTP1
import Replication
import ServiceLifecycle
import TestSupport
import Testing
import Topology
import Worker

/// Workers of three HIEs over a real broker, and a gateway to the one of barts. Each region has a virtual host of its
/// own, which stands for its broker; imperial is planned.
struct QueryMesh {
    static let barts = HIEIdentifier("barts")!  // a well-formed constant
    static let homerton = HIEIdentifier("homerton")!  // a well-formed constant
    static let kingston = HIEIdentifier("kingston")!  // a well-formed constant

    let directory: TemporaryDirectory
    let broker: PrivateBroker
    let logger: Logger
    /// By region.
    let virtualHosts: [String: String]
    private let topology: Topology
    private let access = BrokerAccess(user: "guest", password: "guest")

    init() async throws {
        directory = try TemporaryDirectory()
        var logger = Logger(label: "mesh") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        self.logger = logger
        broker = try await PrivateBroker.shared()
        var virtualHosts: [String: String] = [:]
        for region in ["nel", "swl", "nwl"] { virtualHosts[region] = try await broker.makeVirtualHost().name }
        self.virtualHosts = virtualHosts
        let address = broker.url.replacing("guest:guest@", with: "")
        topology = try Topology.parse(yaml: Self.yaml(address, virtualHosts), file: "mesh.yaml")
        for link in topology.links() {
            let refusals = try await BrokerDeclarations.with(link, access: access, logger: logger) {
                [topology] declarations throws(TopologyError) in
                try await declarations.declare(BrokerObjects(topology: topology, link: link))
            }
            precondition(refusals.isEmpty, "an empty virtual host takes every object")
        }
    }

    /// Runs the gateway and worker of barts while `body` runs.
    func serve(
        _ settings: GatewaySettings = GatewaySettings(),
        _ body: @escaping @Sendable (RunningGateway) async throws -> Void
    ) async throws {
        let worker = try await Worker(self.settings(Self.barts), logger: logger)
        try await RunningGateway.serve(worker, settings, logger: logger, body)
    }

    /// Runs the workers of these HIEs while `body` runs, and stops them after it.
    func run(
        _ hies: HIEIdentifier..., change: (inout WorkerSettings) -> Void = { _ in },
        _ body: @Sendable ([Worker]) async throws -> Void
    ) async throws {
        var workers: [Worker] = []
        for hie in hies {
            var settings = settings(hie)
            change(&settings)
            workers.append(try await Worker(settings, logger: logger))
        }
        let group = ServiceGroup(services: workers.flatMap(\.services), logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(workers)
                await group.triggerGracefulShutdown()
                try await tasks.next()
            } catch {
                await group.triggerGracefulShutdown()
                tasks.cancelAll()
                throw error
            }
        }
    }

    /// Takes the region's broker away for good.
    func removeBroker(of region: String) async throws {
        try await broker.eval("rabbit_vhost:delete(<<\"\(virtualHosts[region] ?? "")\">>, <<\"guest\">>).")
    }

    /// What the `sqlite3` program says to `statement` on a file of `hie`.
    @discardableResult
    func sqlite(_ hie: HIEIdentifier, _ file: String, _ statement: String) async throws -> String {
        try await Subprocess.run(
            "/usr/bin/sqlite3", ["-cmd", ".timeout 10000", directory.file("\(hie)/\(file)"), statement])
    }

    private func settings(_ hie: HIEIdentifier) -> WorkerSettings {
        var settings = WorkerSettings(topology: topology, hie: hie, dataDirectory: directory.file(hie.text))
        settings.access = access
        settings.pulseIntervalMilliseconds = 200
        settings.silentAfterMilliseconds = 5000
        return settings
    }

    private static func yaml(_ address: String, _ hosts: [String: String]) -> String {
        let regions = [
            ("nel", [("barts", "connected"), ("homerton", "connected")]), ("swl", [("kingston", "connected")]),
            ("nwl", [("imperial", "planned")]),
        ]
        var lines = ["name: Mesh", "regions:"]
        for (region, hies) in regions {
            lines += ["  - id: \(region)", "    name: Region \(region)", "    partnership: Record"]
            lines += ["    broker: { addresses: [\"\(address)\"], virtualHost: \(hosts[region] ?? "/") }", "    hies:"]
            for (hie, status) in hies {
                lines.append(
                    "      - { id: \(hie), name: \(hie), status: \(status), "
                        + "sites: [{ name: A, service: acute }] }")
            }
        }
        return lines.joined(separator: "\n")
    }
}

extension Worker {
    /// Whether everything of these HIEs is in this worker's index.
    func isComplete(of hies: HIEIdentifier...) -> Bool {
        let complete = coverage().filter { $0.state == .complete }.map(\.hie)
        return hies.allSatisfy(complete.contains)
    }
}

/// A server-sent event, as far as a worker writes them: one line of data.
struct SentEvent {
    let name: String
    let json: JSON

    /// `nil` where a block is not of this form.
    static func read(_ text: String) -> [SentEvent?] {
        guard text.hasSuffix("\n\n") else { return [nil] }
        return text.dropLast(2).components(separatedBy: "\n\n").map { block in
            guard let match = block.wholeMatch(of: /event: ([a-z]+)\ndata: (\{[^\n]*\})/),
                let json = try? JSON.parse(Array(match.2.utf8))
            else { return nil }
            return SentEvent(name: String(match.1), json: json)
        }
    }
}

extension RunningGateway {
    /// Each of the workers gets the patient and a condition; returns when this gateway's index has all of it.
    func fill(with peers: [Worker]) async throws {
        let number = try #require(NHSNumber(Samples.number))
        for worker in [worker] + peers {
            let id = worker.hie.text
            _ = try await worker.submit([
                FHIRFixture.patient("p-\(id)", number: number), FHIRFixture.condition("c-\(id)", of: "p-\(id)"),
            ])
        }
        let isThere = try await TestSupport.eventually(within: 240) {
            let lookup = try await worker.lookup(number)
            return lookup.entries.count == 2 * (peers.count + 1) && peers.allSatisfy { worker.isComplete(of: $0.hie) }
        }
        #expect(isThere)
    }

    /// An answer whose body is read as it comes.
    struct Opened: Sendable {
        let status: Int
        let type: String?
        fileprivate let body: HTTPClientResponse.Body

        /// All of it; `onPiece` is told each piece.
        func text(_ onPiece: (String) async throws -> Void = { _ in }) async throws -> String {
            var text = ""
            for try await buffer in body {
                let piece = String(buffer: buffer)
                text += piece
                try await onPiece(piece)
            }
            return text
        }
    }

    func open(_ path: String, accept type: String) async throws -> Opened {
        var request = HTTPClientRequest(url: url + path)
        request.headers.add(name: "Accept", value: type)
        let response = try await client.execute(request, timeout: .seconds(60))
        return Opened(
            status: Int(response.status.code), type: response.headers.first(name: "Content-Type"), body: response.body)
    }
}

extension JSON {
    /// The answers of a query by HIE.
    var answers: [String: JSON] {
        let pairs = (self["answers"]?.elements ?? []).map { ($0["hie"]?.text ?? "?", $0) }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
}
