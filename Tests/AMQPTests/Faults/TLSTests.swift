import AMQP
import Foundation
import LoadTest
import TestSupport
import Testing

@Suite("TLS", .timeLimit(.minutes(3)))
struct TLSTests {
    @Test("with the right authority a password logs in over TLS")
    func password() async throws {
        let peer = try await TLSBroker.shared.value()
        let endpoint = try Endpoint(url: peer.url, tls: TLSFiles(ca: peer.path("ca.pem")))
        try await withSession(on: endpoint) { session in
            try await session.declareQueue("over-tls", isExclusive: true)
            let body = Array(repeating: UInt8(1), count: 1 << 20)
            let message = Message(body: body)
            #expect(try await session.publishConfirmed(message, exchange: "", routingKey: "over-tls") == .confirmed)
            let consumer = try await session.consume("over-tls", prefetchMax: 1)
            #expect(try await take(1, from: consumer)[0].message.body == body)
        }
    }

    @Test("a client certificate logs in as the user that it names")
    func certificate() async throws {
        let peer = try await TLSBroker.shared.value()
        let files = TLSFiles(
            ca: peer.path("ca.pem"), certificate: peer.path("client.pem"), key: peer.path("client.key"))
        let endpoint = try Endpoint(url: "amqps://localhost:\(peer.port)", tls: files)
        #expect(endpoint.authentication == .external(identity: "certificate"))
        try await withSession(on: endpoint) { session in
            // The broker accepts a user id only from that user.
            try await session.declareQueue("by-certificate", isExclusive: true)
            let message = Message(body: [1], userID: "wherry-client")
            #expect(
                try await session.publishConfirmed(message, exchange: "", routingKey: "by-certificate") == .confirmed)
        }
    }

    @Test("a certificate of a user that the broker does not know is refused")
    func stranger() async throws {
        let peer = try await TLSBroker.shared.value()
        let files = TLSFiles(
            ca: peer.path("ca.pem"), certificate: peer.path("stranger.pem"), key: peer.path("stranger.key"))
        let error = await failure(try Endpoint(url: "amqps://localhost:\(peer.port)", tls: files))
        #expect(error?.code == .authenticationRefused)
    }

    @Test("a broker whose authority is not trusted is refused, and the error names the CA file")
    func wrongAuthority() async throws {
        let peer = try await TLSBroker.shared.value()
        let error = await failure(try Endpoint(url: peer.url, tls: TLSFiles(ca: peer.path("other-ca.pem"))))
        #expect(error?.code == .tlsFailed)
        #expect(error?.description.contains("other-ca.pem") == true)
        #expect(await failure(try Endpoint(url: peer.url))?.code == .tlsFailed)
    }

    @Test("a host that the certificate does not name is refused, and the error says which name to use")
    func wrongHost() async throws {
        let peer = try await TLSBroker.shared.value()
        let url = peer.url.replacingOccurrences(of: "localhost", with: "127.0.0.1")
        let error = await failure(try Endpoint(url: url, tls: TLSFiles(ca: peer.path("ca.pem"))))
        #expect(error?.code == .tlsFailed)
        #expect(error?.description.contains("DNS name") == true)
    }

    @Test("unusable files are named before anything is sent")
    func files() async throws {
        let peer = try await TLSBroker.shared.value()
        let (ca, client) = (peer.path("ca.pem"), peer.path("client.pem"))
        let unusable: [(TLSFiles, String)] = [
            (TLSFiles(ca: peer.path("missing.pem")), "missing.pem"),
            (TLSFiles(ca: peer.path("client.key")), "client.key"),
            (TLSFiles(ca: ca, certificate: client, key: peer.path("missing.key")), "missing.key"),
            (TLSFiles(ca: ca, certificate: client, key: peer.path("stranger.key")), "stranger.key"),
            (TLSFiles(ca: ca, certificate: client, key: peer.path("encrypted.key")), "encrypted.key"),
        ]
        for (files, name) in unusable {
            let error = await failure(try Endpoint(url: "amqps://localhost:\(peer.port)", tls: files))
            #expect(error?.code == .tlsFailed)
            #expect(error?.description.contains(name) == true)
        }
    }

    @Test("TLS to a port without it, and the reverse, fail with words about it")
    func mixedUp() async throws {
        let peer = try await TLSBroker.shared.value()
        let plainPort = try peer.broker.port
        let overTLS = await failure(
            try Endpoint(url: "amqps://localhost:\(plainPort)", tls: TLSFiles(ca: peer.path("ca.pem"))))
        #expect(overTLS?.code == .tlsFailed)
        let withoutTLS = await failure(try Endpoint(url: "amqp://localhost:\(peer.port)"))
        #expect([.connectionClosed, .protocolViolated, .timedOut].contains(withoutTLS?.code))
    }

    private func failure(_ endpoint: Endpoint) async -> AMQPError? {
        let settings = SessionSettings(name: "test", connectTimeoutSeconds: 10)
        return await #expect(throws: AMQPError.self) {
            _ = try await Session.open(endpoint, settings: settings, logger: quietLogger)
        }
    }
}

/// A broker with TLS, an authority made for it, and certificates by that authority.
private struct TLSBroker {
    static let shared = Lazy()

    actor Lazy {
        private var task: Task<TLSBroker, any Error>?

        func value() async throws -> TLSBroker {
            let task = self.task ?? Task { try await TLSBroker() }  // serves every test that asks, not only the first
            self.task = task
            return try await task.value
        }
    }

    let broker: PrivateBroker
    let port: UInt16

    var url: String { "amqps://guest:guest@localhost:\(port)" }
    func path(_ name: String) -> String { "\(broker.directory)/tls/\(name)" }

    init() async throws {
        let port = try Listener().port
        self.port = port
        broker = try await PrivateBroker.start(plugins: ["rabbitmq_auth_mechanism_ssl"]) { directory in
            try await Subprocess.run("/bin/sh", ["-e", "-c", Self.makeCertificates, "\(directory)/tls"])
            return """
                listeners.ssl.1 = 127.0.0.1:\(port)
                ssl_options.cacertfile = \(directory)/tls/ca.pem
                ssl_options.certfile = \(directory)/tls/server.pem
                ssl_options.keyfile = \(directory)/tls/server.key
                ssl_options.verify = verify_peer
                ssl_options.fail_if_no_peer_cert = false
                ssl_cert_login_from = common_name
                auth_mechanisms.1 = PLAIN
                auth_mechanisms.2 = EXTERNAL

                """
        }
        try await broker.eval(
            """
            U = <<"wherry-client">>, ok = rabbit_auth_backend_internal:add_user(U, <<"unused">>, U), \
            ok = rabbit_auth_backend_internal:set_permissions(U, <<"/">>, <<".*">>, <<".*">>, <<".*">>, U).
            """)
    }

    /// $0 is the directory.
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
        make client wherry-client "extendedKeyUsage=clientAuth"
        make stranger nobody "extendedKeyUsage=clientAuth"
        openssl rsa -aes128 -passout pass:secret -in client.key -out encrypted.key
        """
}
