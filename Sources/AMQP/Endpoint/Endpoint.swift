/// Where a broker is and how to log in to it. The description hides the password.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    package enum Authentication: Sendable, Hashable {
        /// SASL PLAIN.
        case plain(user: String, password: String)
        /// SASL EXTERNAL: the broker takes the user from the client's certificate. The identity is only a name for
        /// it, never empty.
        case external(identity: String)
    }

    package let host: String
    package let port: UInt16
    package let virtualHost: String
    package let authentication: Authentication
    /// Nil for a connection without TLS.
    package let tls: TLSFiles?

    package init(
        host: String, port: UInt16, virtualHost: String = "/", authentication: Authentication, tls: TLSFiles? = nil
    ) {
        self.host = host
        self.port = port
        self.virtualHost = virtualHost
        self.authentication = authentication
        self.tls = tls
    }

    package var description: String {
        let user =
            switch authentication {
            case .plain(let user, _): user
            case .external(let identity): identity
            }
        let shownHost = host.contains(":") ? "[\(host)]" : host
        return
            "\(tls == nil ? "amqp" : "amqps")://\(user)@\(shownHost):\(port)/\(virtualHost == "/" ? "" : virtualHost)"
    }

    /// Whether the broker takes the user from the client's certificate.
    package var isByCertificate: Bool {
        switch authentication {
        case .plain: false
        case .external: true
        }
    }

    /// The address alone, for error texts: `host:port`.
    package var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension Endpoint: CustomDebugStringConvertible, CustomReflectable {
    package var debugDescription: String { description }

    /// A dump shows what the description shows, never the password.
    package var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}
