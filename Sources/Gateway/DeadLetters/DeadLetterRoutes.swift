import CareRecord
import Hummingbird
import Replication
import Storage
import Worker

/// `GET /api/deadletters`, one letter, and what an operator does to letters without replaying them: edit, discard and
/// restore.
struct DeadLetterRoutes: Sendable {
    static let lettersUsual = 100

    let worker: Worker
    private let bodies: BodyReader
    private let edits: BodyReader
    private let selector: LetterSelector

    init(worker: Worker, settings: GatewaySettings) {
        self.worker = worker
        selector = LetterSelector(worker: worker)
        bodies = BodyReader(settings, bytesMax: ActBody.bytesMax, adviceWhenLarger: "select by conditions, not by id")
        edits = BodyReader(
            settings, bytesMax: settings.bodyBytesMax, adviceWhenLarger: "no message is as large as that")
    }

    /// Groups of all that is selected, and a page of the letters.
    func list(_ request: Request) async throws -> Response {
        let selection = try await selector.selection(request, beside: ["limit", "after"])
        let limit = try request.number("limit", in: 0...DeadLetterDesk.pageLettersMax, usual: Self.lettersUsual)
        let after = Int64(try request.number("after", in: 0...Int.max, usual: 0))
        let summary = try await worker.letters.summary(selection.filter)
        let rows = limit == 0 ? [] : try await worker.letters.rows(selection.filter, after: after, limit: limit)
        let next = try await next(after: rows, limit, selection.filter)
        return .json { json in
            json.member("total", summary.total)
            json.array("groups") { json in
                for group in summary.groups { json.object { $0.members(of: group) } }
            }
            json.array("deadLetters") { json in for row in rows { json.object { $0.members(of: row) } } }
            json.member("next", orNull: next)
        }
    }

    func view(_ request: Request, _ id: String) async throws -> Response {
        try request.checkParameters([])
        let view = try await worker.letters.view(try Self.number(id))
        return .json { $0.members(of: view) }
    }

    func edit(_ request: Request, _ id: String) async throws -> Response {
        let id = try Self.number(id)
        try request.checkContentType([ContentType.json])
        let outcome = try await edits.withBody(of: request) { bytes in
            let act = try ActBody(bytes, knowing: LetterEdit.members)
            return try await worker.letters.edit(
                id, try LetterEdit(act), by: try act.by(), reason: try act.reason())
        }
        return .json { json in
            json.member("id", outcome.letter.row.id)
            json.array("diff") { json in for line in outcome.diff { json.element(line) } }
            json.object("foreseen") { $0.members(foreseen: outcome.foreseen) }
            json.object("letter") { $0.members(of: outcome.letter.row) }
        }
    }

    func discard(_ request: Request) async throws -> Response {
        let count = try await act(request, on: .parked) { filter, count, by, reason in
            try await worker.letters.discard(filter, expecting: count, by: by, reason: reason)
        }
        return .json { $0.member("discarded", count) }
    }

    func restore(_ request: Request) async throws -> Response {
        let count = try await act(request, on: .discarded) { filter, count, by, reason in
            try await worker.letters.restore(filter, expecting: count, by: by, reason: reason)
        }
        return .json { $0.member("restored", count) }
    }

    private func act(
        _ request: Request, on state: LetterState,
        _ work: @escaping @Sendable (LetterFilter, Int, _ by: String, _ reason: String) async throws -> Int
    ) async throws -> Int {
        try request.checkContentType([ContentType.json])
        return try await bodies.withBody(of: request) { bytes in
            let act = try ActBody(bytes, knowing: ["by", "reason", "selection", "count"])
            let (by, reason, count) = (try act.by(), try act.reason(), try act.count())
            let selection = try await selector.selection(act["selection"], for: .act(on: state))
            return try await work(selection.filter, count, by, reason)
        }
    }

    /// The last number of a page, if there are letters after it.
    private func next(after rows: [LetterRow], _ limit: Int, _ filter: LetterFilter) async throws -> Int64? {
        guard rows.count == limit, let last = rows.last?.id else { return nil }
        return try await worker.letters.rows(filter, after: last, limit: 1).isEmpty ? nil : last
    }

    private static func number(_ id: String) throws(Refusal) -> Int64 {
        guard let number = Int64(id), number > 0 else {
            throw Refusal(.notFound, .notFound, "a dead letter is called by its number: see wherry deadletters list")
        }
        return number
    }
}
