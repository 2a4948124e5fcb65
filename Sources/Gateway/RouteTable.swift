import CareRecord
import HTTPTypes
import Hummingbird
import NIOCore

/// The paths that a gateway serves, each with its methods.
struct RouteTable {
    typealias Context = BasicRequestContext
    typealias Handler = @Sendable (Request, Context) async throws -> Response

    let router: Router<Context>

    /// Serves these methods under the path, and tells which they are to any other.
    func serve(
        _ path: RouterPath, _ handlers: [HTTPRequest.Method: Handler],
        otherwise refusal: @escaping @Sendable ([HTTPRequest.Method]) -> Refusal = Refusal.notAllowed
    ) {
        let allowed = [HTTPRequest.Method.get, .put, .post, .delete].filter { handlers[$0] != nil }
        for method in [HTTPRequest.Method.get, .put, .post, .delete, .patch] {
            let handler = handlers[method] ?? { _, _ in throw refusal(allowed) }
            router.on(path, method: method, use: handler)
        }
    }

    static func parameter(_ name: String, _ context: Context) throws(Refusal) -> String {
        guard let text = context.parameters.get(name)?.percentDecoded else {
            throw Refusal(.badRequest, .value, "the path is not valid")
        }
        return text
    }

    /// Operations are on patients only.
    static func demandPatient(_ context: Context) throws(Refusal) {
        guard try parameter("type", context) == "Patient" else {
            throw Refusal(.notFound, .notSupported, "there is no such operation on this type: it is one on Patient")
        }
    }

    static func key(_ context: Context) throws(Refusal) -> ResourceKey {
        guard let key = ResourceKey(type: try parameter("type", context), id: try parameter("id", context)) else {
            throw Refusal(
                .badRequest, .value,
                "the path is /fhir/{type}/{id}; an id is 1 to 64 letters, digits, hyphens and full stops"
            )
        }
        return key
    }
}
