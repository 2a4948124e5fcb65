import CareRecord
import HTTPTypes
import Hummingbird
import NIOCore
import Storage
import Worker

/// `GET /api/deadletters/export` and `POST /api/deadletters/import`: letters whole, one a line, to keep or to take
/// elsewhere.
struct LetterTransferRoutes: Sendable {
    private let worker: Worker
    private let bodies: BodyReader
    private let selector: LetterSelector

    init(worker: Worker, settings: GatewaySettings) {
        self.worker = worker
        selector = LetterSelector(worker: worker)
        bodies = BodyReader(
            settings, bytesMax: settings.importBytesMax,
            adviceWhenLarger: "split the file: each line is a letter of its own")
    }

    /// Pages are read as their reader takes them. The first one is read before the status is sent.
    func export(_ request: Request) async throws -> Response {
        let filter = try await selector.selection(request).filter
        let letters = worker.letters
        var pace = PagePace(lettersMax: DeadLetterDesk.pageLettersMax)
        let first = try await letters.export(filter, after: 0, limit: pace.letters)
        pace.read(bytes: first?.lines.count ?? 0)
        let headers: HTTPFields = [.contentDisposition: "attachment; filename=\"deadletters-\(worker.seat).ndjson\""]
        return .pieces(ContentType.lines, headers: headers) { [pace] writer in
            var pace = pace
            var page = first
            while let (lines, last) = page {
                try await writer.write(ByteBuffer(bytes: lines))
                page = try await letters.export(filter, after: last, limit: pace.letters)
                pace.read(bytes: page?.lines.count ?? 0)
            }
        }
    }

    func take(_ request: Request) async throws -> Response {
        try request.checkParameters([])
        try request.checkContentType([ContentType.lines, "application/ndjson"])
        let by = try Self.person(request)
        let outcome = try await bodies.withBody(of: request) { bytes in
            try await worker.letters.importLines(bytes, by: by)
        }
        return .json { $0.members(of: outcome) }
    }

    private static func person(_ request: Request) throws(Refusal) -> String {
        guard let text = request.headers[.wherryPerson], text.isPlain(bytesMax: ActBody.textBytesMax) else {
            throw Refusal(
                .badRequest, .required,
                "send the header Wherry-Person: who does this, 1 to \(ActBody.textBytesMax) bytes")
        }
        return text
    }
}

extension JSONWriter {
    mutating func members(of outcome: ImportOutcome) {
        member("imported", outcome.imported)
        member("known", outcome.known)
        array("refused") { json in
            for (line, reason) in outcome.refused {
                json.object { json in
                    json.member("line", line)
                    json.member("reason", reason)
                }
            }
        }
        member("refusedCount", outcome.refusedCount)
    }
}
