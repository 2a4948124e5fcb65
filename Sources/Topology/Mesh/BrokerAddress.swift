import Foundation

/// An AMQP URL taken apart. Its description never shows the user name or the password.
package struct BrokerAddress: Sendable, Hashable {
    package static let plainPort = 5672
    package static let securePort = 5671

    package let isSecure: Bool
    package let host: String
    package let port: Int
    package let virtualHost: String
    package let user: String?
    package let password: String?
    /// What follows `?`, such as `auth_mechanism=external`; kept as it is.
    package let query: String?

    /// `nil` unless `url` is `amqp://` or `amqps://` with a host.
    package init?(_ url: String) {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            scheme == "amqp" || scheme == "amqps", let host = parts.host, !host.isEmpty, parts.fragment == nil,
            (1...65_535).contains(parts.port ?? 1)
        else { return nil }
        isSecure = scheme == "amqps"
        self.host = host
        port = parts.port ?? (isSecure ? Self.securePort : Self.plainPort)
        let path = parts.percentEncodedPath.dropFirst()
        guard !path.contains("/"), let decoded = String(path).removingPercentEncoding else { return nil }
        virtualHost = decoded.isEmpty ? "/" : decoded
        user = parts.user
        password = parts.password
        query = parts.percentEncodedQuery
    }

    private init(_ other: BrokerAddress, user: String?, password: String?) {
        isSecure = other.isSecure
        host = other.host
        port = other.port
        virtualHost = other.virtualHost
        query = other.query
        self.user = user
        self.password = password
    }

    package func with(user: String?, password: String?) -> BrokerAddress {
        BrokerAddress(self, user: user, password: password)
    }

    /// The whole URL with credentials: never to be printed.
    package var url: String {
        var credentials = ""
        if let user {
            credentials = Self.encode(user) + (password.map { ":" + Self.encode($0) } ?? "") + "@"
        }
        return text(credentials: credentials)
    }

    private func text(credentials: String) -> String {
        let path = virtualHost == "/" ? "" : "/" + Self.encode(virtualHost)
        let tail = query.map { "?" + $0 } ?? ""
        let bracketed = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        return "\(isSecure ? "amqps" : "amqp")://\(credentials)\(bracketed):\(port)\(path)\(tail)"
    }

    /// Percent-encodes everything but the unreserved characters of RFC 3986 §2.3.
    static func encode(_ text: String) -> String {
        let unreserved = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text
    }
}

extension BrokerAddress: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { text(credentials: "") }
    package var debugDescription: String { description }
}
