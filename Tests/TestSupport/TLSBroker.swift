package import AMQP
package import LoadTest

/// A broker with TLS, an authority made for it, and certificates by that authority with which clients log in (SASL
/// EXTERNAL, by common name) or keep to a password.
package struct TLSBroker: Sendable {
    package let broker: PrivateBroker
    package let port: UInt16
    /// Of the management API over TLS, where the broker has one.
    package let managementPort: UInt16

    /// `clients` are common names by the names of their files.
    package init(clients: [String: String], hasManagement: Bool = false) async throws {
        let (port, managementPort) = try Self.freePorts()
        self.port = port
        self.managementPort = managementPort
        broker = try await PrivateBroker.start(
            hasManagement: hasManagement, plugins: ["rabbitmq_auth_mechanism_ssl"]
        ) { directory in
            let names = clients.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
            try await Subprocess.run(
                "/bin/sh", ["-e", "-c", Self.makeCertificates, "\(directory)/tls"] + names)
            func files(_ prefix: String) -> String {
                """
                \(prefix).cacertfile = \(directory)/tls/ca.pem
                \(prefix).certfile = \(directory)/tls/server.pem
                \(prefix).keyfile = \(directory)/tls/server.key

                """
            }
            let management = """
                management.ssl.ip = 127.0.0.1
                management.ssl.port = \(managementPort)
                \(files("management.ssl"))
                """
            return """
                listeners.ssl.1 = 127.0.0.1:\(port)
                \(files("ssl_options"))
                ssl_options.verify = verify_peer
                ssl_options.fail_if_no_peer_cert = false
                ssl_cert_login_from = common_name
                auth_mechanisms.1 = PLAIN
                auth_mechanisms.2 = EXTERNAL
                \(hasManagement ? management : "")
                """
        }
    }

    /// Both are held until both are known, so that they are two.
    private static func freePorts() throws -> (UInt16, UInt16) {
        let listeners = (try Listener(), try Listener())
        return withExtendedLifetime(listeners) { (listeners.0.port, listeners.1.port) }
    }

    /// Without a user.
    package var url: String { "amqps://localhost:\(port)" }
    package var managementURL: String { "https://localhost:\(managementPort)" }

    package func path(_ name: String) -> String { "\(broker.directory)/tls/\(name)" }

    /// To trust the broker, and for a client to log in.
    package func files(_ client: String? = nil) -> TLSFiles {
        TLSFiles(
            ca: path("ca.pem"), certificate: client.map { path("\($0).pem") }, key: client.map { path("\($0).key") })
    }

    /// $0 is the directory; then file and common name of each client.
    private static let makeCertificates = """
        mkdir -p "$0"; cd "$0"
        for name in ca other-ca; do
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$name" -keyout $name.key -out $name.pem
        done
        make() {
            openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout $1.key -out $1.csr
            printf '%s\\n' "$3" > $1.ext
            openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile $1.ext -out $1.pem
        }
        make server broker "subjectAltName=DNS:localhost"
        while [ $# -gt 0 ]; do
            make "$1" "$2" "extendedKeyUsage=clientAuth"
            shift 2
        done
        """
}
