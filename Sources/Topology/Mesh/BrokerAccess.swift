/// What this machine knows and the topology file does not: the credentials and TLS files for its brokers.
package struct BrokerAccess: Sendable, Hashable {
    package var user: String?
    /// Never printed.
    package var password: String?
    /// PEM file of the authorities that signed the brokers' certificates.
    package var authorityFile: String?
    /// PEM file of this client's certificate.
    package var certificateFile: String?
    /// PEM file of its private key.
    package var keyFile: String?

    package init(
        user: String? = nil, password: String? = nil, authorityFile: String? = nil, certificateFile: String? = nil,
        keyFile: String? = nil
    ) {
        self.user = user
        self.password = password
        self.authorityFile = authorityFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }

    /// The address with these credentials, unless it brings its own.
    package func address(_ url: String) throws(TopologyError) -> BrokerAddress {
        guard let address = BrokerAddress(url) else {
            throw TopologyError(
                .invalidAddress, "a broker URL cannot be read: write amqp://HOST:PORT or amqps://HOST:PORT/VHOST")
        }
        return address.user == nil ? address.with(user: user, password: password) : address
    }
}

extension BrokerAccess: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { "credentials \(user == nil ? "absent" : "given")" }
    package var debugDescription: String { description }
}
