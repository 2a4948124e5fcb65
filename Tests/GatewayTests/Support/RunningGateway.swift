import AsyncHTTPClient
import CareRecord
import Foundation
import Gateway
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import TestSupport
import Testing
import Topology
import Worker

/// A worker without a broker and its gateway on a port of its own, with a client to ask it.
struct RunningGateway: Sendable {
    static let topology = """
        name: Test
        regions:
          - id: nel
            name: North East London
            partnership: Test record
            broker:
              addresses: ["amqp://127.0.0.1:1"]
            hies:
              - {id: barts, name: Barts, status: connected, sites: [{name: One, service: acute}]}
              - {id: homerton, name: Homerton, status: connected, sites: [{name: Two, service: acute}]}
          - id: nwl
            name: North West London
            partnership: Test record
            broker:
              addresses: ["amqp://127.0.0.1:2"]
            hies:
              - {id: imperial, name: Imperial, status: planned, sites: [{name: Three, service: acute}]}
        """

    /// Workers with their gateways that run at the same time: each has some thirty files open.
    private static let room = Room(placesMax: 8)

    let url: String
    let worker: Worker
    let client: HTTPClient
    private let services: ServiceGroup

    /// What SIGTERM does.
    func stop() async { await services.triggerGracefulShutdown() }

    /// Only the HIE whose worker it is takes part.
    static let alone = """
        name: Test
        regions:
          - id: nel
            name: North East London
            partnership: Test record
            broker:
              addresses: ["amqp://127.0.0.1:1"]
            hies:
              - {id: barts, name: Barts, status: connected, sites: [{name: One, service: acute}]}
        """

    static func with(
        _ settings: GatewaySettings = GatewaySettings(), host: String = "127.0.0.1",
        topology: String = RunningGateway.topology, drainMilliseconds: Int64 = 0,
        _ body: @escaping @Sendable (RunningGateway) async throws -> Void
    ) async throws {
        await room.enter()
        defer { room.leave() }
        let directory = FileManager.default.temporaryDirectory.path + "/wherry-gateway-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let barts = try #require(HIEIdentifier("barts"))
        let worker = try await Worker(
            WorkerSettings(
                topology: try Topology.parse(yaml: topology, file: "test.yaml"), hie: barts,
                dataDirectory: directory),
            logger: logger)
        try await serve(
            worker, settings, host: host, drainMilliseconds: drainMilliseconds, logger: logger, body)
    }

    /// Runs a worker and its gateway while `body` runs, and stops both gracefully after it.
    static func serve(
        _ worker: Worker, _ settings: GatewaySettings = GatewaySettings(), host: String = "127.0.0.1",
        drainMilliseconds: Int64 = 0, logger: Logger, _ body: @escaping @Sendable (RunningGateway) async throws -> Void
    ) async throws {
        let (addresses, listening) = AsyncStream.makeStream(of: ListenAddress.self)
        let gateway = Gateway(
            worker: worker, address: ListenAddress(host: host, port: 0), settings: settings, logger: logger
        ) { listening.yield($0) }
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: worker.services + [gateway, Farewell(worker: worker, milliseconds: drainMilliseconds)],
                logger: logger))
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await services.run()
                listening.finish()
            }
            for await address in addresses {
                do {
                    try await body(
                        RunningGateway(url: address.url, worker: worker, client: client, services: services))
                } catch {
                    await services.triggerGracefulShutdown()
                    try? await client.shutdown()
                    throw error
                }
                break
            }
            // The clients' connections first: a graceful stop waits for them to go idle.
            try await client.shutdown()
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }

    enum Verb: String {
        case get = "GET"
        case put = "PUT"
        case post = "POST"
        case delete = "DELETE"
        case head = "HEAD"
        case patch = "PATCH"
    }

    /// What was answered.
    struct Answer: Sendable {
        let status: Int
        private let headers: HTTPHeaders
        let body: [UInt8]

        init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
            self.status = status
            self.headers = headers
            self.body = body
        }

        func header(_ name: String) -> String? { headers.first(name: name) }

        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSON { (try? JSON.parse(body)) ?? .null }
        /// The texts of an OperationOutcome's issues.
        var diagnostics: [String] { json["issue"]?.elements?.compactMap { $0["diagnostics"]?.text } ?? [] }
        /// `created=1, …` by name.
        var summary: [String: Int] {
            let pairs = (headers.first(name: "Wherry-Summary") ?? "").split(separator: ",").map {
                $0.split(separator: "=").map { String($0.filter { $0 != " " }) }
            }
            return Dictionary(uniqueKeysWithValues: pairs.compactMap { pair in Int(pair[1]).map { (pair[0], $0) } })
        }
    }

    @discardableResult
    func ask(
        _ method: Verb, _ path: String, type: String? = nil, headers: [(String, String)] = [],
        body: HTTPClientRequest.Body? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = HTTPMethod(rawValue: method.rawValue)
        if let type { request.headers.add(name: "Content-Type", value: type) }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = body
        let response = try await client.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 64 << 20)
        return Answer(status: Int(response.status.code), headers: response.headers, body: Array(body.readableBytesView))
    }

    @discardableResult
    func post(_ text: String, type: String = "application/fhir+json", headers: [(String, String)] = []) async throws
        -> Answer
    {
        try await ask(.post, "/fhir", type: type, headers: headers, body: .bytes(Array(text.utf8)))
    }

    @discardableResult
    func put(_ path: String, _ text: String, headers: [(String, String)] = []) async throws -> Answer {
        try await ask(.put, path, type: "application/fhir+json", headers: headers, body: .bytes(Array(text.utf8)))
    }

    /// The answer once it is as expected: own changes reach the index a moment after they are stored. Gives the last
    /// answer after ten seconds.
    func eventually(_ path: String, _ isExpected: (Answer) -> Bool) async throws -> Answer {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            let answer = try await ask(.get, path)
            if isExpected(answer) || ContinuousClock.now > deadline { return answer }
            try await Task.sleep(for: .milliseconds(10))  // between the attempts of a bounded retry
        }
    }
}
