import CareRecord
import Glibc
import HTTPTypes
import Hummingbird
import Storage
import Worker

/// `GET`, `PUT` and `DELETE /fhir/{type}/{id}`: one resource of this HIE; `GET` also one Patient of the index, by the
/// id that a search gave it.
struct ResourceRoute: Sendable {
    let desk: SubmissionDesk
    let bodies: BodyReader

    func get(_ request: Request, _ key: ResourceKey) async throws -> Response {
        guard let stored = try await desk.records.resource(key) else {
            if let indexed = try await desk.worker.indexedPatient(key) { return indexed }
            throw Refusal(.notFound, .notFound, "there is no \(key.reference) here")
        }
        guard !stored.isDeleted else {
            var refusal = Refusal(.gone, .deleted, "\(key.reference) was deleted")
            refusal.headers[.eTag] = weakTag(stored.version)
            throw refusal
        }
        let headers: HTTPFields = [.eTag: weakTag(stored.version), .lastModified: stored.updatedAt.httpDate]
        return .content(stored.body, ContentType.fhir, headers: headers)
    }

    func put(_ request: Request, _ key: ResourceKey) async throws -> Response {
        try Self.refuseConditions(request)
        guard try BodyFormat(of: request) == .json else {
            throw Refusal(.unsupportedMediaType, .notSupported, "send one resource as application/fhir+json")
        }
        let preference = try Preference(of: request)
        return try await bodies.withBody(of: request) { bytes in
            try await desk.inTurn { try await put(bytes, key, preference) }
        }
    }

    private func put(_ bytes: [UInt8], _ key: ResourceKey, _ preference: Preference) async throws -> Response {
        let submission = Submission.read(bytes, expecting: key, limits: desk.settings.fhir)
        guard !submission.isRefused else {
            desk.countRefused(submission)
            let outcome = submission.outcome
            throw Refusal(outcome.refusalStatus, outcome)
        }
        let items = try await desk.store(submission.items)
        var response = SubmissionRoute.single(items, submission.operations, preference)
        response.headers.append(contentsOf: desk.journalHead)
        return response
    }

    /// 204 whether or not there was something to delete.
    func delete(_ request: Request, _ key: ResourceKey) async throws -> Response {
        try Self.refuseConditions(request)
        _ = try await desk.inTurn { try await desk.worker.submit([.delete(key)]) }
        return Response(status: .noContent, headers: desk.journalHead)
    }

    /// To ignore a condition on a version could overwrite what its sender wants kept.
    private static func refuseConditions(_ request: Request) throws(Refusal) {
        guard request.headers[.ifMatch] == nil, request.headers[.ifNoneMatch] == nil else {
            throw Refusal(
                .preconditionFailed, .notSupported,
                "versions are not compared: send the request without If-Match and If-None-Match")
        }
    }
}

extension Timestamp {
    /// IMF-fixdate (RFC 9110 §5.6.7): `Sun, 22 Nov 2026 17:03:05 GMT`.
    var httpDate: String {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 40)
        // The process never sets a locale, so names of days and months are those of the C locale.
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
