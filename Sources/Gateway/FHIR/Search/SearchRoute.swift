import CareRecord
import HTTPTypes
import Hummingbird

/// `GET /fhir/{type}?…` and `POST /fhir/{type}/_search`.
struct SearchRoute: Sendable {
    let patients: PatientSearch
    let entries: EntrySearch
    let bodies: BodyReader

    func get(_ request: Request, type: String) async throws -> Response {
        if type == "Patient" { return try await patients.get(request) }
        return try await entries.get(request, type: type)
    }

    /// A search whose parameters no log of addresses shall have.
    func post(_ request: Request, type: String) async throws -> Response {
        let contentType = (request.headers[.contentType] ?? "").prefix { $0 != ";" }.lowercased()
        guard contentType == "application/x-www-form-urlencoded" else {
            throw Refusal(
                .unsupportedMediaType, .notSupported,
                "send the parameters as application/x-www-form-urlencoded")
        }
        return try await bodies.withBody(of: request) { form in
            guard form.count <= SearchRequest.formBytesMax else {
                throw Refusal(
                    .contentTooLarge, .tooCostly, "a search is at most \(SearchRequest.formBytesMax >> 10) KiB")
            }
            if type == "Patient" { return try await patients.post(request, form: form) }
            return try await entries.post(request, type: type, form: form)
        }
    }
}
