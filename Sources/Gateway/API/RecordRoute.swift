import CareRecord
import HTTPTypes
import Hummingbird
import NIOCore
import Replication
import Storage
import Worker

/// `GET /api/patients/{nhsNumber}/record`: the resources themselves, asked of the HIEs that hold some; as one JSON
/// answer, or with `Accept: text/event-stream` piece by piece as they come.
struct RecordRoute: Sendable {
    let worker: Worker
    let gate: Gate
    let histogram: LatencyHistogram

    func get(_ request: Request, number text: String) async throws -> Response {
        let query = try Query(request, of: try NHSNumber(requested: text))
        guard request.headers[.accept]?.contains(ContentType.events) ?? false else {
            return try await answer(query)
        }
        return stream(query, to: request)
    }

    /// The result, whole.
    func result(of query: Query) async throws -> QueryResult {
        let startedAt = ContinuousClock.now
        defer { histogram.record(ContinuousClock.now - startedAt) }
        return try await gate.pass {
            var result = QueryResult()
            try await worker.query(query) { result.take($0) }
            return result
        }
    }

    private func answer(_ query: Query) async throws -> Response {
        let startedAt = ContinuousClock.now
        let result = try await result(of: query)
        return .json { json in
            json.member("nhsNumber", query.request.patient.text)
            json.members(of: result, to: query, begunAt: startedAt)
            json.array("resources") { json in
                for (source, resource) in result.resources {
                    json.object { json in
                        json.member("source", source.text)
                        json.member("resource", raw: resource.body)
                    }
                }
            }
        }
    }

    /// Server-sent events (HTML Living Standard §9.2): `index`, then `resources`, `withdrawn` and `answer` as they
    /// come, then `done`; `error` where the worker itself fails. The connection ends with it, and it ends with the
    /// connection: when the reader has gone nobody is waited for.
    private func stream(_ query: Query, to request: Request) -> Response {
        .events(to: request) { writer in
            do {
                try await write(query, to: &writer)
            } catch let error where error is StorageError || error is Gate.Busy {
                // The status is sent already.
                let issue = Refusal(error).outcome.issues.first
                try await writer.write(
                    event: "error",
                    JSONWriter.text { json in
                        json.member("error", issue?.code.rawValue)
                        json.member("detail", issue?.diagnostics)
                    })
            }
        }
    }

    private func write(_ query: Query, to writer: inout any ResponseBodyWriter) async throws {
        let startedAt = ContinuousClock.now
        defer { histogram.record(ContinuousClock.now - startedAt) }
        try await gate.pass {
            var result = QueryResult()
            try await worker.query(query) { event in
                result.take(event.withoutBodies)
                try await writer.write(event: event.name, event.data(query, worker))
            }
            try await writer.write(
                event: "done", JSONWriter.text { $0.members(of: result, to: query, begunAt: startedAt) })
        }
    }
}

extension QueryEvent {
    fileprivate var name: String {
        switch self {
        case .began: "index"
        case .resources: "resources"
        case .withdrawn: "withdrawn"
        case .settled: "answer"
        }
    }

    /// What was sent on need not be kept.
    fileprivate var withoutBodies: QueryEvent {
        guard case .resources(let hie, let page) = self else { return self }
        return .resources(hie, page.map { RecordResource(key: $0.key, body: []) })
    }

    fileprivate func data(_ query: Query, _ worker: Worker) -> [UInt8] {
        JSONWriter.text { json in
            switch self {
            case .began(let lookup, let asked):
                json.member("nhsNumber", lookup.patient.text)
                json.array("asked") { for hie in asked { $0.element(hie.text) } }
                json.array("entries") { json in
                    let wanted = query.request.categories
                    for entry in lookup.sortedEntries where wanted?.contains(entry.facts.category) ?? true {
                        json.object { $0.members(of: entry) }
                    }
                }
                let words = CoverageWords(worker, of: lookup.patient)
                json.array("coverage") { json in
                    for coverage in lookup.coverage { json.object { $0.members(of: coverage, words) } }
                }
            case .resources(let hie, let page):
                json.member("source", hie.text)
                json.array("resources") { for resource in page { $0.element(raw: resource.body) } }
            case .withdrawn(let hie): json.member("source", hie.text)
            case .settled(let answer): json.members(of: answer)
            }
        }
    }
}

extension QueryResult {
    /// Whether everybody's answer is whole.
    fileprivate var isWhole: Bool { answers.allSatisfy(\.state.isWhole) }
}

extension JSONWriter {
    /// What a query came to, but for the resources.
    fileprivate mutating func members(
        of result: QueryResult, to query: Query, begunAt startedAt: ContinuousClock.Instant
    ) {
        member("complete", result.isWhole)
        member("durationMs", (ContinuousClock.now - startedAt).milliseconds)
        array("answers") { json in
            for answer in result.sortedAnswers { json.object { $0.members(of: answer) } }
        }
        array("standIns") { json in
            for entry in result.standIns(query.request.categories) { json.object { $0.members(standIn: entry) } }
        }
    }

    /// `asOf` and `reason` are null where there is nothing to say.
    fileprivate mutating func members(of answer: PeerAnswer) {
        member("hie", answer.hie.text)
        member("state", answer.state.rawValue)
        member("durationMs", answer.milliseconds)
        member("count", answer.count)
        member("asOf", answer.asOf.map { JSON.string($0.text) } ?? .null)
        member("reason", answer.reason.map(JSON.string) ?? .null)
        member("cause", answer.cause?.rawValue)
    }

    fileprivate mutating func members(standIn entry: IndexedEntry) {
        member("standIn", true)
        members(of: entry)
    }
}
