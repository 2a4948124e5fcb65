import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A worker's HTTP interface as a stranger uses it.
struct WorkerAPI: Sendable {
    struct Status: Decodable {
        struct Peer: Decodable {
            let hie: String
            let state: String
            let watermark: Int64
            let head: Int64?
            let asOf: String?
            let reason: String?
        }

        struct Broker: Decodable {
            let broker: String
            let state: String
            let reason: String?
        }

        let peers: [Peer]
        let brokers: [Broker]
    }

    struct Readiness: Decodable {
        struct Reason: Decodable {
            let part: String
            let state: String
            let reason: String
        }

        let status: String
        let reasons: [Reason]
    }

    struct Lookup: Decodable {
        struct Entry: Decodable {
            let source: String
            let resource: String
        }

        struct Coverage: Decodable {
            let hie: String
            let state: String
            let watermark: Int64
            let asOf: String?
            let reason: String?
            let held: Int?
            /// Of the patient who is looked up.
            let heldOfPatient: Int?
        }

        let entries: [Entry]
        let coverage: [Coverage]
    }

    struct Record: Decodable {
        struct Answer: Decodable {
            let hie: String
            let state: String
            let durationMs: Int64
            let count: Int
            let reason: String?
            let cause: String?
        }

        struct Piece: Decodable {
            let source: String
        }

        let complete: Bool
        let durationMs: Int64
        let answers: [Answer]
        let resources: [Piece]
        let standIns: [Piece]

        func answer(_ hie: String) -> Answer? { answers.first { $0.hie == hie } }
    }

    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    private static let answerBytesMax = 16 << 20

    /// For all tests, to the end of the process. A worker that was killed refuses at once, and so does this.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    let url: String

    func status() async throws -> Status { try await decoded("/api/peers") }
    func readiness() async throws -> Readiness { try await decoded("/readyz") }
    func lookup(_ number: String) async throws -> Lookup { try await decoded("/api/patients/\(number)") }

    /// What a query comes to, whole.
    func record(_ number: String, deadline: String) async throws -> Record {
        try await decoded("/api/patients/\(number)/record?deadline=\(deadline)")
    }

    /// The sum of a metric over its samples, or over those of one source. A metric without samples is an error.
    func metric(_ name: String, source: String? = nil) async throws -> Double {
        let label = source.map { "source=\"\($0)\"" }
        let text = String(decoding: try await get("/metrics"), as: UTF8.self)
        let samples = text.split(separator: "\n").filter { line in
            (line.hasPrefix(name + "{") || line.hasPrefix(name + " ")) && label.map { line.contains($0) } ?? true
        }
        guard !samples.isEmpty else { throw Refused(description: "there is no metric \(name)") }
        return samples.reduce(0) { $0 + ($1.split(separator: " ").last.flatMap { Double($0) } ?? .nan) }
    }

    /// Sends resources, one a line. Returns once the worker has said that it keeps them.
    func submit(_ lines: String) async throws {
        var request = HTTPClientRequest(url: url + "/fhir")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/fhir+ndjson")
        request.body = .bytes(ByteBuffer(string: lines))
        _ = try await answer(request)
    }

    private func get(_ path: String) async throws -> Data {
        try await answer(HTTPClientRequest(url: url + path))
    }

    func decoded<Value: Decodable>(_ path: String) async throws -> Value {
        try JSONDecoder().decode(Value.self, from: try await get(path))
    }

    func answer(_ request: HTTPClientRequest, expecting status: UInt = 200) async throws -> Data {
        let response = try await Self.client.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: Self.answerBytesMax)
        guard response.status.code == status else {
            throw Refused(description: "\(request.method.rawValue) was answered with \(response.status.code)")
        }
        return Data(body.readableBytesView)
    }
}
