import CareRecord
import HTTPTypes
import Hummingbird
import Storage

/// `POST /fhir`: a bundle, a resource, or a stream of resources one a line.
struct SubmissionRoute: Sendable {
    let desk: SubmissionDesk
    let bodies: BodyReader
    let streams: StreamReader

    func post(_ request: Request) async throws -> Response {
        let preference = try Preference(of: request)
        switch try BodyFormat(of: request) {
        case .json:
            return try await bodies.withBody(of: request) { bytes in
                try await desk.inTurn { try await answer(bytes, preference) }
            }
        case .ndjson: return try await streams.answer(request)
        }
    }

    private func answer(_ bytes: [UInt8], _ preference: Preference) async throws -> Response {
        let submission = Submission.read(bytes, limits: desk.settings.fhir)
        guard !submission.isRefused else {
            desk.countRefused(submission)
            let outcome = submission.outcome
            throw Refusal(outcome.refusalStatus, outcome)
        }
        let items = try await desk.store(submission.items)
        var response =
            submission.kind == .single
            ? Self.single(items, submission.operations, preference) : bundle(items, submission, preference)
        response.headers.append(contentsOf: desk.journalHead)
        return response
    }

    /// The answer to a resource on its own: the resource as it is stored.
    static func single(
        _ items: [StoredItem], _ operations: [Submission.Operation], _ preference: Preference
    ) -> Response {
        guard let item = items.first, case .stored(let key, let outcome) = item.fate,
            case .put(let resource)? = operations.first
        else {
            preconditionFailure("a resource on its own is put, or its submission is refused")
        }
        var headers = SubmissionCounts([item]).headers
        headers[.eTag] = outcome.etag
        headers[.location] = "/fhir/\(key.reference)/_history/\(outcome.version ?? 0)"
        switch preference {
        case .representation:
            return .content(resource.body, ContentType.fhir, status: outcome.status, headers: headers)
        case .minimal: return Response(status: outcome.status, headers: headers)
        case .outcome: return .fhir(item.found.json(), status: outcome.status, headers: headers)
        }
    }

    private func bundle(_ items: [StoredItem], _ submission: Submission, _ preference: Preference) -> Response {
        let headers = SubmissionCounts(items).headers
        switch preference {
        case .minimal: return Response(status: .noContent, headers: headers)
        case .outcome:
            var found = OperationOutcome(submission.issues)
            for item in items { found.append(contentsOf: item.found) }
            return .fhir(found.json(), headers: headers)
        case .representation:
            let type = submission.kind == .batch ? "batch-response" : "transaction-response"
            let bundle: JSON = [
                "resourceType": "Bundle", "type": .string(type), "entry": .array(items.map { $0.entry() }),
            ]
            return .fhir(bundle, headers: headers)
        }
    }
}

/// What a client wants to read of its own submission (FHIR R4, http.html#ops: the `Prefer` header).
enum Preference {
    case representation
    case minimal
    case outcome

    init(of request: Request) throws(Refusal) {
        var preference = Preference.representation
        for text in request.headers[values: HTTPField.Name("Prefer")!] {  // a constant that is a token
            for part in text.split(separator: ",") {
                switch part.filter({ $0 != " " }) {
                case "return=minimal": preference = .minimal
                case "return=OperationOutcome": preference = .outcome
                default: break
                }
            }
        }
        self = preference
    }
}
