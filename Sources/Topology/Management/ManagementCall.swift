import AMQP
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Calls of the management API over one client.
struct ManagementCall: Sendable {
    let base: String
    let endpoint: Endpoint
    let client: HTTPClient

    /// What the calls are about, for the words of a refusal.
    private enum Matter {
        case objects
        case accounts
    }

    func get<Answer: Decodable>(_ path: String) async throws -> [Answer] { try await get(path, .objects) }

    /// What only administrators see.
    func getAccounts<Answer: Decodable>(_ path: String) async throws -> [Answer] { try await get(path, .accounts) }

    func put(_ path: String, _ body: some Encodable) async throws {
        var request = request(path, .PUT)
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
        _ = try await answer(to: request, .accounts)
    }

    /// What is not there is no error.
    func delete(_ path: String) async throws { _ = try await answer(to: request(path, .DELETE), .accounts) }

    private func get<Answer: Decodable>(_ path: String, _ matter: Matter) async throws -> [Answer] {
        guard let body = try await answer(to: request(path, .GET), matter) else {
            throw unavailable("knows no virtual host \(endpoint.virtualHost): check the broker's address")
        }
        do {
            return try JSONDecoder().decode([Answer].self, from: Data(body.readableBytesView))
        } catch {
            throw unavailable("answers with something else than JSON of its kind: check --management-url", cause: error)
        }
    }

    private func request(_ path: String, _ method: HTTPMethod) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "\(base)/api/\(path)")
        request.method = method
        if case .plain(let user, let password) = endpoint.authentication {
            request.setBasicAuth(username: user, password: password)
        }
        return request
    }

    /// `nil` for what is not there.
    private func answer(to request: HTTPClientRequest, _ matter: Matter) async throws -> ByteBuffer? {
        let response = try await client.execute(request, timeout: .seconds(ManagementAPI.callTimeoutSeconds))
        let body = try await response.body.collect(upTo: ManagementAPI.answerSizeMaxBytes)
        switch response.status.code {
        case 200...204: return body
        case 404: return nil
        case 401, 403:
            let tag =
                switch matter {
                case .objects: "monitoring"
                case .accounts: "administrator, which accounts need, or leave them out with --no-accounts"
                }
            throw unavailable(
                "refuses the user: give --broker-user and --broker-password-file of one with the tag \(tag)")
        default: throw unavailable("answers with status \(response.status.code)")
        }
    }

    private func unavailable(_ what: String, cause: (any Error)? = nil) -> TopologyError {
        TopologyError(.managementUnavailable, at: base, what, cause: cause)
    }
}

extension TopologyError {
    /// Of the management API at an address.
    init(_ code: Code, at base: String, _ what: String, cause: (any Error)?) {
        self.init(code, "the management API at \(base) \(what)", cause: cause)
    }
}
