import CareRecord
import HTTPTypes
import Hummingbird
import NIOCore
import Storage
import Worker

/// `GET /api/deadletters/plans/{plan}/report`: what a plan came to, as JSON, as text or as a page.
struct ReportRoute: Sendable {
    let worker: Worker

    /// The figures are read before the status is sent, the letters as their reader takes them.
    func get(_ request: Request, _ name: String) async throws -> Response {
        try request.checkParameters(["format"])
        let renderer = try Self.format(of: request).renderer
        let plan = try await worker.letters.plan(try PlanRoutes.checked(name)).plan
        let pages: PlanReport.Pages = { [letters = worker.letters] after, limit in
            try await letters.letters(of: plan.id, after: after, limit: limit)
        }
        let report = try await PlanReport(seat: worker.seat, at: worker.clock.now, plan: plan, pages)
        return .pieces(renderer.contentType, headers: Self.headers) { writer in
            try await report.write(renderer, pages) { bytes in
                if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
            }
        }
    }

    private static func format(of request: Request) throws(Refusal) -> ReportFormat {
        guard let text = request.uri.queryParameters["format"] else { return .json }
        guard let format = ReportFormat(rawValue: String(text)) else {
            let known = ReportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw Refusal(.badRequest, .value, "a format is not known; there are \(known)")
        }
        return format
    }

    /// The page loads nothing and runs nothing, whatever stands in it.
    private static var headers: HTTPFields {
        [
            .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            .xContentTypeOptions: "nosniff",
        ]
    }
}
