package import AMQP
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOSSL
import Replication

/// RabbitMQ's management API of one broker (its HTTP API reference): what there is of ours at this moment, and the
/// accounts, which AMQP knows nothing of.
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
        try await calling { call in
            let exchanges: [ExchangeAnswer] = try await call.get("exchanges/\(virtualHost)")
            let queues: [QueueAnswer] = try await call.get("queues/\(virtualHost)")
            let bindings: [BindingAnswer] = try await call.get("bindings/\(virtualHost)")
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
    }

    /// As it stands in a path.
    var virtualHost: String { endpoint.virtualHost.percentEncoded }
    /// As it is.
    var virtualHostName: String { endpoint.virtualHost }

    /// Runs `body` with one connection; what it throws becomes what the operator can do about it.
    func calling<Result: Sendable>(
        _ body: @Sendable (ManagementCall) async throws -> Result
    ) async throws(TopologyError) -> Result {
        do {
            return try await HTTPClient.withHTTPClient(configuration: configuration()) { client in
                try await body(ManagementCall(base: base, endpoint: endpoint, client: client))
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

    private func configuration() throws -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(
            connect: .seconds(Self.callTimeoutSeconds), read: .seconds(Self.callTimeoutSeconds))
        guard base.hasPrefix("https"), let files = endpoint.tls else { return configuration }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(files.ca)
        // A broker may ask every client for a certificate, whoever logs in then.
        if let certificate = files.certificate, let key = files.key {
            tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        }
        configuration.tlsConfiguration = tls
        return configuration
    }

    private func unavailable(_ what: String, cause: (any Error)? = nil) -> TopologyError {
        TopologyError(.managementUnavailable, at: base, what, cause: cause)
    }
}
