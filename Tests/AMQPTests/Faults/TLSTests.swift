import AMQP
import Foundation
import LoadTest
import TestSupport
import Testing

@Suite("TLS", .timeLimit(.minutes(3)))
struct TLSTests {
    @Test("with the right authority a password logs in over TLS")
    func password() async throws {
        let peer = try await Peer.shared.value()
        let endpoint = try Endpoint(url: byPassword(peer), tls: peer.files())
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
        let peer = try await Peer.shared.value()
        let endpoint = try Endpoint(url: peer.url, tls: peer.files("client"))
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
        let peer = try await Peer.shared.value()
        let error = await failure(try Endpoint(url: peer.url, tls: peer.files("stranger")))
        #expect(error?.code == .authenticationRefused)
    }

    @Test("a broker whose authority is not trusted is refused, and the error names the CA file")
    func wrongAuthority() async throws {
        let peer = try await Peer.shared.value()
        let error = await failure(try Endpoint(url: byPassword(peer), tls: TLSFiles(ca: peer.path("other-ca.pem"))))
        #expect(error?.code == .tlsFailed)
        #expect(error?.description.contains("other-ca.pem") == true)
        #expect(await failure(try Endpoint(url: byPassword(peer)))?.code == .tlsFailed)
    }

    @Test("a host that the certificate does not name is refused, and the error says which name to use")
    func wrongHost() async throws {
        let peer = try await Peer.shared.value()
        let url = byPassword(peer).replacingOccurrences(of: "localhost", with: "127.0.0.1")
        let error = await failure(try Endpoint(url: url, tls: TLSFiles(ca: peer.path("ca.pem"))))
        #expect(error?.code == .tlsFailed)
        #expect(error?.description.contains("DNS name") == true)
    }

    @Test("unusable files are named before anything is sent")
    func files() async throws {
        let peer = try await Peer.shared.value()
        let (ca, client) = (peer.path("ca.pem"), peer.path("client.pem"))
        let unusable: [(TLSFiles, String)] = [
            (TLSFiles(ca: peer.path("missing.pem")), "missing.pem"),
            (TLSFiles(ca: peer.path("client.key")), "client.key"),
            (TLSFiles(ca: ca, certificate: client, key: peer.path("missing.key")), "missing.key"),
            (TLSFiles(ca: ca, certificate: client, key: peer.path("stranger.key")), "stranger.key"),
            (TLSFiles(ca: ca, certificate: client, key: peer.path("encrypted.key")), "encrypted.key"),
        ]
        for (files, name) in unusable {
            let error = await failure(try Endpoint(url: peer.url, tls: files))
            #expect(error?.code == .tlsFailed)
            #expect(error?.description.contains(name) == true)
        }
    }

    @Test("TLS to a port without it, and the reverse, fail with words about it")
    func mixedUp() async throws {
        let peer = try await Peer.shared.value()
        let plainPort = try peer.broker.port
        let overTLS = await failure(
            try Endpoint(url: "amqps://localhost:\(plainPort)", tls: TLSFiles(ca: peer.path("ca.pem"))))
        #expect(overTLS?.code == .tlsFailed)
        let withoutTLS = await failure(try Endpoint(url: "amqp://localhost:\(peer.port)"))
        #expect([.connectionClosed, .protocolViolated, .timedOut].contains(withoutTLS?.code))
    }

    private func byPassword(_ peer: TLSBroker) -> String { "amqps://guest:guest@localhost:\(peer.port)" }

    private func failure(_ endpoint: Endpoint) async -> AMQPError? {
        let settings = SessionSettings(name: "test", connectTimeoutSeconds: 10)
        return await #expect(throws: AMQPError.self) {
            _ = try await Session.open(endpoint, settings: settings, logger: quietLogger)
        }
    }
}

/// A broker for these tests, with a key that is encrypted.
private enum Peer {
    static let shared = Lazy {
        let peer = try await TLSBroker(clients: ["client": "wherry-client", "stranger": "nobody"])
        try await Subprocess.run(
            "/usr/bin/openssl",
            [
                "rsa", "-aes128", "-passout", "pass:secret", "-in", peer.path("client.key"), "-out",
                peer.path("encrypted.key"),
            ])
        try await peer.broker.eval(
            """
            U = <<"wherry-client">>, ok = rabbit_auth_backend_internal:add_user(U, <<"unused">>, U), \
            ok = rabbit_auth_backend_internal:set_permissions(U, <<"/">>, <<".*">>, <<".*">>, <<".*">>, U).
            """)
        return peer
    }
}
