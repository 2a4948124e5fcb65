package import AMQP
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Replication

/// RabbitMQ's management API of one broker (its HTTP API reference): what there is of ours at this moment.
package struct ManagementAPI: Sendable {
    /// For connecting, asking and reading one answer.
    package static let callTimeoutSeconds: Int64 = 10
    /// A broker of 500 HIEs answers with some 50 MB of bindings.
    package static let answerSizeMaxBytes = 128 << 20
    /// The management API's port is the AMQP port and this: 15672 for 5672, 15671 for 5671.
    package static let portDistance = 10_000

    private let base: String
    private let endpoint: Endpoint

    /// `url` is the one of the topology file or the command line; `nil` stands for the endpoint's host, its port and
    /// ``portDistance``, over TLS if AMQP goes over TLS.
    package init(url: String?, endpoint: Endpoint) {
        let host = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
        let scheme = endpoint.tls == nil ? "http" : "https"
        base = url ?? "\(scheme)://\(host):\(Int(endpoint.port) + Self.portDistance)"
        self.endpoint = endpoint
    }

    /// The URL in the form used here, or `nil` unless it is `http://` or `https://` with a host.
    package static func url(_ text: String) -> String? {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            scheme == "http" || scheme == "https", let host = parts.host, !host.isEmpty,
            (1...65_535).contains(parts.port ?? 1), parts.user == nil, parts.query == nil, parts.fragment == nil
        else { return nil }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// Everything whose name begins with ``BrokerNames/prefix``. Left out are exclusive queues, which are the replies
    /// of running workers, and what is bound to them.
    package func objects() async throws(TopologyError) -> BrokerObjects {
        do {
            return try await HTTPClient.withHTTPClient(configuration: configuration()) { client in
                try await read(with: client)
            }
        } catch let error as TopologyError {
            throw error
        } catch {
            let tls = base.hasPrefix("https") ? ", and that --tls-ca names the authority of its certificate" : ""
            throw unavailable(
                "does not answer: check that the plugin rabbitmq_management is enabled there (rabbitmq-plugins enable "
                    + "rabbitmq_management)\(tls), or give its address with --management-url", cause: error)
        }
    }

    private func read(with client: HTTPClient) async throws -> BrokerObjects {
        let exchanges: [ExchangeAnswer] = try await get("exchanges", with: client)
        let queues: [QueueAnswer] = try await get("queues", with: client)
        let bindings: [BindingAnswer] = try await get("bindings", with: client)
        let exclusive = Set(queues.filter { $0.exclusive == true }.map(\.name))
        func isOurs(_ name: String) -> Bool { name.hasPrefix(BrokerNames.prefix) && !exclusive.contains(name) }
        return BrokerObjects(
            exchanges: exchanges.filter { isOurs($0.name) }.map(\.object),
            queues: queues.filter { isOurs($0.name) }.map(\.object),
            bindings: bindings.filter {
                // The default exchange binds every queue by itself (AMQP 0-9-1 §3.1.3.1).
                !$0.source.isEmpty && $0.destinationType == "queue" && !exclusive.contains($0.destination)
                    && (isOurs($0.source) || isOurs($0.destination))
            }.map(\.object))
    }

    private func get<Answer: Decodable>(_ what: String, with client: HTTPClient) async throws -> [Answer] {
        var request = HTTPClientRequest(url: "\(base)/api/\(what)/\(endpoint.virtualHost.percentEncoded)")
        if case .plain(let user, let password) = endpoint.authentication {
            request.setBasicAuth(username: user, password: password)
        }
        let response = try await client.execute(request, timeout: .seconds(Self.callTimeoutSeconds))
        switch response.status.code {
        case 200: break
        case 401:
            throw unavailable(
                "refuses the user: give --broker-user and --broker-password-file of one with the tag monitoring")
        case 404: throw unavailable("knows no virtual host \(endpoint.virtualHost): check the broker's address")
        default: throw unavailable("answers with status \(response.status.code)")
        }
        let body = try await response.body.collect(upTo: Self.answerSizeMaxBytes)
        do {
            return try JSONDecoder().decode([Answer].self, from: Data(body.readableBytesView))
        } catch {
            throw unavailable("answers with something else than JSON of its kind: check --management-url", cause: error)
        }
    }

    private func configuration() -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(
            connect: .seconds(Self.callTimeoutSeconds), read: .seconds(Self.callTimeoutSeconds))
        guard base.hasPrefix("https"), let files = endpoint.tls else { return configuration }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(files.ca)
        configuration.tlsConfiguration = tls
        return configuration
    }

    private func unavailable(_ what: String, cause: (any Error)? = nil) -> TopologyError {
        TopologyError(.managementUnavailable, "the management API at \(base) \(what)", cause: cause)
    }
}
