package import AMQP

/// What this machine knows and the topology file does not: the credentials and TLS files for its brokers.
package struct BrokerAccess: Sendable, Hashable {
    package let user: String?
    /// Never printed.
    package let password: String?
    /// Of no effect on `amqp://` addresses.
    package let tls: TLSFiles?

    package init(user: String? = nil, password: String? = nil, tls: TLSFiles? = nil) {
        self.user = user
        self.password = password
        self.tls = tls
    }

    /// Where `url` leads, with these credentials unless the URL brings its own.
    package func endpoint(_ url: String) throws(TopologyError) -> Endpoint {
        let endpoint: Endpoint
        do {
            endpoint = try Endpoint(url: url, tls: tls)
        } catch {
            throw TopologyError(.invalidAddress, error.reason, cause: error)
        }
        guard let user, !Self.hasUser(url) else { return endpoint }
        return Endpoint(
            host: endpoint.host, port: endpoint.port, virtualHost: endpoint.virtualHost,
            authentication: .plain(user: user, password: password ?? ""), tls: endpoint.tls)
    }

    /// Whether an AMQP or HTTP URL names a user before its host.
    static func hasUser(_ url: String) -> Bool {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return (parts.count > 2 ? parts[2] : Substring(url)).prefix { $0 != "?" }.contains("@")
    }
}

extension BrokerAccess: CustomStringConvertible, CustomReflectable {
    package var description: String { "credentials \(user == nil ? "absent" : "given")" }
    /// A dump shows what the description shows.
    package var customMirror: Mirror { Mirror(self, children: ["credentials": description]) }
}

extension Endpoint {
    /// The URL without user and password.
    var shown: String {
        let path = virtualHost == "/" ? "" : "/" + virtualHost.percentEncoded
        return "\(tls == nil ? "amqp" : "amqps")://\(address)\(path)"
    }
}
