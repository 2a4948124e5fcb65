import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// What an operator does with dead letters.
extension WorkerAPI {
    struct Letters: Decodable {
        struct Letter: Decodable {
            let id: Int64
            let cause: String
            let source: String?
            let patient: String?
            let resource: String?
            let seq: Int64?
            let form: String
            let queue: String
        }

        let total: Int
        let deadLetters: [Letter]
    }

    struct Plan: Decodable {
        struct Results: Decodable, Equatable {
            let applied: Int
            let duplicate: Int
            let superseded: Int
            let failedAgain: Int
            let notAttempted: Int
        }

        let plan: String
        let state: String
        let count: Int
        let results: Results
        let endReason: String?

        /// Letters that have a result.
        var done: Int { count - results.notAttempted }
    }

    struct Report: Decodable {
        struct Letter: Decodable {
            struct Result: Decodable {
                let verdict: String
                let cause: String?
            }

            let id: Int64
            let seq: Int64?
            let result: Result?
        }

        let letters: [Letter]
    }

    /// Those that are parked, the first 100 of them.
    func letters() async throws -> Letters { try await decoded("/api/deadletters") }

    func parkedCount() async throws -> Int { try await letters().total }

    /// Of all that is parked.
    func makePlan() async throws -> Plan {
        try await post("/api/deadletters/plans", #"{"by":"Ann","selection":{}}"#, expecting: 201)
    }

    /// `rate` is letters a second.
    func replay(_ plan: String, rate: Int) async throws -> Plan {
        let order = #"{"by":"Ann","reason":"the cause is gone","to":"subscriber","rate":\#(rate)}"#
        return try await post("/api/deadletters/plans/\(plan)/replay", order, expecting: 202)
    }

    func plan(_ name: String) async throws -> Plan { try await decoded("/api/deadletters/plans/\(name)") }

    func report(_ plan: String) async throws -> Report {
        try await decoded("/api/deadletters/plans/\(plan)/report?format=json")
    }

    private func post<Value: Decodable>(_ path: String, _ body: String, expecting status: UInt) async throws -> Value {
        var request = HTTPClientRequest(url: url + path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: body))
        return try JSONDecoder().decode(Value.self, from: try await answer(request, expecting: status))
    }
}
