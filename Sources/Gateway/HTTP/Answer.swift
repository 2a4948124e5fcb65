import CareRecord
import HTTPTypes
import Hummingbird
import NIOCore

/// Content types that a gateway sends.
enum ContentType {
    static let fhir = "application/fhir+json"
    static let json = "application/json"
    /// One JSON value a line.
    static let lines = "application/x-ndjson"
    static let html = "text/html; charset=utf-8"
    /// Server-sent events.
    static let events = "text/event-stream"
    /// RFC 4180.
    static let csv = "text/csv; charset=utf-8; header=present"
    static let text = "text/plain; charset=utf-8"
    /// Prometheus text exposition format 0.0.4.
    static let metrics = "text/plain; version=0.0.4; charset=utf-8"
}

extension HTTPFields {
    /// Nothing that is answered may be kept by a cache: it is of a patient, or of this moment.
    static func ofContent(_ type: String) -> HTTPFields { [.contentType: type, .cacheControl: "no-store"] }
}

extension Response {
    /// An answer with a body.
    static func content(
        _ bytes: [UInt8], _ type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers.append(contentsOf: HTTPFields.ofContent(type))
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// An answer whose body is written piece by piece, as its reader takes it. An error that `write` throws ends the
    /// connection, so that its reader sees that the answer is cut.
    static func pieces(
        _ type: String, headers: HTTPFields = [:],
        _ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        var headers = headers
        headers[.contentType] = type
        headers[.cacheControl] = "no-store"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await write(&writer)
                try await writer.finish(nil)
            })
    }

    /// Server-sent events (HTML Living Standard §9.2), written as they come. The connection ends with them, and they
    /// end with the connection: when the reader has gone `write` is cancelled.
    static func events(
        to request: Request, _ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        let headers: HTTPFields = [
            .contentType: ContentType.events, .cacheControl: "no-store", .connection: "close",
        ]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await request.body.consumeWithCancellationOnInboundClose { _ in try await write(&writer) }
                try await writer.finish(nil)
            })
    }

    static func fhir(_ json: JSON, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        content(json.serialized(), ContentType.fhir, status: status, headers: headers)
    }

    /// Most answers are not larger.
    private static let jsonBytes = 8192

    /// An answer of one JSON object, written by hand.
    static func json(
        status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], _ members: (inout JSONWriter) -> Void
    ) -> Response {
        var writer = JSONWriter(capacity: jsonBytes)
        writer.object(members)
        return content(writer.bytes, ContentType.json, status: status, headers: headers)
    }
}

extension ResponseBodyWriter {
    /// One server-sent event. JSON has no line breaks in it.
    mutating func write(event: String, _ data: [UInt8]) async throws {
        var buffer = ByteBuffer()
        buffer.writeString("event: \(event)\ndata: ")
        buffer.writeBytes(data)
        buffer.writeString("\n\n")
        try await write(buffer)
    }
}

extension JSONWriter {
    static func text(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(members)
        return writer.bytes
    }
}

extension Refusal {
    private struct ConnectionEnds: Error {}

    /// An OperationOutcome to those who speak FHIR, `{"error", "detail"}` to the others.
    func response(isFHIR: Bool) -> Response {
        var response: Response
        if isFHIR {
            response = .fhir(outcome.json(), status: status, headers: headers)
        } else {
            response = .json(status: status, headers: headers) { json in
                json.member("error", word ?? outcome.issues.first?.code.rawValue ?? "")
                json.member("detail", outcome.issues.map(\.diagnostics).joined(separator: "; "))
            }
        }
        guard endsConnection else { return response }
        response.headers[.connection] = "close"
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(writer)
            throw ConnectionEnds()
        }
        return response
    }
}
