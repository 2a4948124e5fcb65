import CareRecord
import HTTPTypes
import Hummingbird
import Logging

/// Around every request: turns what handlers throw into answers, and notes the request.
///
/// The log has the pattern of the route and never the path, which may hold an NHS number.
struct RequestWatch<Context: RequestContext>: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let startedAt = ContinuousClock.now
        let response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = answer(error, to: request, context)
        }
        logger.debug(
            "request.answered",
            metadata: [
                "http.method": "\(request.method.rawValue)", "http.route": "\(context.endpointPath ?? "none")",
                "http.status": "\(response.status.code)",
                "duration.ms": "\((ContinuousClock.now - startedAt).milliseconds)",
            ])
        return response
    }

    private func answer(_ error: any Error, to request: Request, _ context: Context) -> Response {
        let refusal = Refusal(error)
        if refusal.status.code >= 500 {
            logger.warning(
                "request.failed",
                metadata: [
                    "http.route": "\(context.endpointPath ?? "none")", "http.status": "\(refusal.status.code)",
                    "error.type": "\(type(of: error))",
                    "error.reason": "\(refusal.outcome.issues.first?.diagnostics ?? "")",
                ])
        }
        let path = request.uri.path
        return refusal.response(isFHIR: path == "/fhir" || path.hasPrefix("/fhir/"))
    }
}
