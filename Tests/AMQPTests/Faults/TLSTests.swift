import AMQP
import Foundation
import LoadTest
import TestSupport
import Testing

@Suite("TLS", .timeLimit(.minutes(3)))
struct TLSTests {
    @Test("with the right authority a password logs in over TLS")
    func password() async throws {
        let peer = try await TLSPeer.shared.value()
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
        let peer = try await TLSPeer.shared.value()
        let endpoint = try Endpoint(url: "amqps://localhost:\(peer.port)", tls: peer.files(of: "wherry-client"))
        #expect(endpoint.authentication == .external(identity: "certificate"))
        try await withSession(on: endpoint) { session in
            // The broker accepts a user id only from that user.
            try await session.declareQueue("by-certificate", isExclusive: true)
            let message = Message(body: [1], userID: "wherry-client")
            #expect(
                try await session.publishConfirmed(message, exchange: "", routingKey: "by-certificate") == .confirmed)
        }
    }

    @Test("a certificate of a user that the broker does not know is refused, and named")
    func stranger() async throws {
        let error = try await failure(certificate: "stranger")
        #expect(error?.code == .authenticationRefused)
        try await expect(error, "localhost", "stranger.pem", "CN=stranger", "account")
    }

    @Test("a broker whose authority is not trusted is refused, and the error names the CA file")
    func wrongAuthority() async throws {
        let peer = try await TLSPeer.shared.value()
        let error = await failure(try Endpoint(url: peer.url, tls: TLSFiles(ca: peer.path("other/ca.pem"))))
        #expect(error?.code == .tlsFailed)
        try await expect(error, "localhost", "other/ca.pem", "not signed by an authority")
        #expect(await failure(try Endpoint(url: peer.url))?.code == .tlsFailed)
    }

    @Test("a broker whose certificate is not of the day is refused: when it ended, or begins")
    func wrongTime() async throws {
        let peer = try await TLSPeer.shared.value()
        let expired = try await failure(certificate: "wherry-client", port: peer.expiredPort)
        #expect(expired?.code == .tlsFailed)
        try await expect(expired, "localhost:\(peer.expiredPort)", "expired on 20", "renewed")
        let early = try await failure(certificate: "wherry-client", port: peer.earlyPort)
        #expect(early?.code == .tlsFailed)
        try await expect(early, "localhost:\(peer.earlyPort)", "good only from 20", "clock")
    }

    @Test("a host that the certificate does not name is refused, and the error says which name to use")
    func wrongHost() async throws {
        let peer = try await TLSPeer.shared.value()
        let url = peer.url.replacingOccurrences(of: "localhost", with: "127.0.0.1")
        let error = await failure(try Endpoint(url: url, tls: TLSFiles(ca: peer.path("ca.pem"))))
        #expect(error?.code == .tlsFailed)
        try await expect(error, "127.0.0.1", "is for localhost", "DNS name")
    }

    @Test(
        "a certificate that the broker does not take says why, however TLS tells it",
        arguments: [
            ("expired", ["expired on 20", "renew it"]), ("early", ["good only from 20", "clock"]),
            ("foreign", ["does not know the authority"]), ("server", ["clientAuth"]),
        ], ["tlsv1.3", "tlsv1.2"])
    func refusedCertificate(_ own: (name: String, words: [String]), version: String) async throws {
        let peer = try await TLSPeer.shared.value()
        // Whether the broker's word comes before or after the first write is a matter of moments.
        for _ in 0..<5 {
            let error = try await failure(
                certificate: own.name, port: version == "tlsv1.2" ? peer.olderPort : peer.port)
            #expect(error?.code == .authenticationRefused)
            for word in own.words + ["localhost", "\(own.name).pem"] {
                #expect(error?.description.contains(word) == true, "\(error?.description ?? "") lacks \(word)")
            }
        }
    }

    @Test("a broker that wants a certificate says so to who has none", arguments: ["tlsv1.3", "tlsv1.2"])
    func noCertificate(version: String) async throws {
        let peer = try await TLSPeer.shared.value()
        let port = version == "tlsv1.2" ? peer.olderPort : peer.strictPort
        let error = await failure(
            try Endpoint(url: "amqps://guest:guest@localhost:\(port)", tls: TLSFiles(ca: peer.path("ca.pem"))))
        #expect(error?.code == .authenticationRefused)
        try await expect(error, "localhost:\(port)", "wants a certificate")
    }

    @Test("unusable files are named, and what is wrong with each, before anything is sent")
    func files() async throws {
        let peer = try await TLSPeer.shared.value()
        let (ca, client) = (peer.path("ca.pem"), peer.path("hies/wherry-client.pem"))
        func own(_ key: String, certificate: String? = nil) -> TLSFiles {
            TLSFiles(ca: ca, certificate: certificate ?? client, key: peer.path(key))
        }
        let unusable: [(TLSFiles, String, String)] = [
            (TLSFiles(ca: peer.path("missing.pem")), "missing.pem", "is not there"),
            (TLSFiles(ca: peer.path("ca.key")), "ca.key", "holds no certificate"),
            (TLSFiles(ca: peer.path("hies")), "hies", "holds no certificate"),
            (own("missing.key"), "missing.key", "is not there"),
            (own("hies/stranger.key"), "stranger.key", "does not belong to the certificate"),
            (own("rsa.key"), "rsa.key", "does not belong to the certificate"),
            (own("encrypted.key"), "encrypted.key", "is encrypted"),
            (own("ca.pem"), "ca.pem", "no private key"),
            (own("hies/stranger.key", certificate: peer.path("rsa.key")), "rsa.key", "no certificate"),
        ]
        for (files, name, word) in unusable {
            let error = await failure(try Endpoint(url: "amqps://localhost:\(peer.port)", tls: files))
            #expect(error?.code == .tlsFailed)
            try await expect(error, name, word)
        }
    }

    @Test("TLS to a port without it, and the reverse, fail with words about it")
    func mixedUp() async throws {
        let peer = try await TLSPeer.shared.value()
        let plainPort = try peer.broker.port
        let overTLS = await failure(
            try Endpoint(url: "amqps://localhost:\(plainPort)", tls: TLSFiles(ca: peer.path("ca.pem"))))
        #expect(overTLS?.code == .tlsFailed)
        try await expect(overTLS, "localhost:\(plainPort)", "not with TLS", "amqp://")
        let withoutTLS = await failure(try Endpoint(url: "amqp://localhost:\(peer.port)"))
        #expect(withoutTLS?.code == .connectionClosed)
        try await expect(withoutTLS, "localhost:\(peer.port)", "amqps://")
    }

    private func expect(_ error: AMQPError?, _ words: String...) async throws {
        for word in words {
            #expect(error?.description.contains(word) == true, "\(error?.description ?? "no error") lacks \(word)")
        }
    }

    /// With the certificate of that name, to the broker's usual port unless another is given.
    private func failure(certificate name: String, port: UInt16? = nil) async throws -> AMQPError? {
        let peer = try await TLSPeer.shared.value()
        return await failure(
            try Endpoint(url: "amqps://localhost:\(port ?? peer.port)", tls: peer.files(of: name)))
    }

    private func failure(_ endpoint: Endpoint) async -> AMQPError? {
        let settings = SessionSettings(name: "test", connectTimeoutSeconds: 10)
        return await #expect(throws: AMQPError.self) {
            _ = try await Session.open(endpoint, settings: settings, logger: quietLogger)
        }
    }
}
