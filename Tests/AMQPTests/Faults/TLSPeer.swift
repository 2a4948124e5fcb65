import AMQP
import Foundation
import Keys
import LoadTest
import TestSupport

/// A broker with TLS, an authority made for it, and certificates of many kinds.
struct TLSPeer {
    static let shared = Lazy { try await TLSPeer() }

    let broker: PrivateBroker
    private let room: KeyRoom
    let port: UInt16
    /// Takes nobody without a certificate.
    let strictPort: UInt16
    /// The same, with TLS 1.2 only.
    let olderPort: UInt16
    /// With a certificate that has ended.
    let expiredPort: UInt16
    /// With one that is not good yet.
    let earlyPort: UInt16

    var url: String { "amqps://guest:guest@localhost:\(port)" }
    func path(_ name: String) -> String { room.file(name) }

    func files(of name: String) -> TLSFiles {
        TLSFiles(ca: path("ca.pem"), certificate: path("hies/\(name).pem"), key: path("hies/\(name).key"))
    }

    init() async throws {
        let room = try await Self.makeKeys()
        self.room = room
        (broker, port) = try await PrivateBroker.start(certificate: "good", in: room)
        try await broker.addAccount("wherry-client")
        strictPort = try await Self.listen(broker, room, "good")
        olderPort = try await Self.listen(broker, room, "good", more: ",{versions,['tlsv1.2']}")
        expiredPort = try await Self.listen(broker, room, "expired")
        earlyPort = try await Self.listen(broker, room, "early")
    }

    /// Another port of the broker, with another certificate.
    private static func listen(
        _ broker: PrivateBroker, _ room: KeyRoom, _ name: String, more: String = ""
    ) async throws -> UInt16 {
        let port = try Listener().port
        try await broker.eval(
            """
            ok = rabbit_networking:start_ssl_listener({"127.0.0.1", \(port)}, [{cacertfile,"\(room.file("ca.pem"))"},\
            {certfile,"\(room.file("brokers/\(name).pem"))"},{keyfile,"\(room.file("brokers/\(name).key"))"},\
            {verify,verify_peer},{fail_if_no_peer_cert,true}\(more)], 1).
            """)
        return port
    }

    private static func makeKeys() async throws -> KeyRoom {
        let now = KeyRoom.present()
        let room = try KeyRoom(at: KeyRoom.present(days: -100))
        func broker(_ name: String) -> Holder { .broker(region: name, names: ["localhost"]) }
        try room.issue(broker("good"), at: now)
        try room.issue(broker("expired"), at: KeyRoom.present(days: -95))
        try room.issue(broker("early"), at: KeyRoom.present(days: 5))
        for name in ["wherry-client", "stranger"] { try room.issue(KeyRoom.hie(name), at: now) }
        try room.issue(KeyRoom.hie("expired"), at: KeyRoom.present(days: -95))
        try room.issue(KeyRoom.hie("early"), at: KeyRoom.present(days: 5))
        // A broker's certificate in the hands of a client.
        try room.issue(broker("server"), at: now)
        try room.move("brokers/server", to: "hies/server")
        // The certificate of another authority.
        let other = try KeyRoom(at: now)
        try other.issue(KeyRoom.hie("foreign"), at: now)
        for ending in ["pem", "key"] {
            try room.write(try other.text("hies/foreign.\(ending)"), "hies/foreign.\(ending)")
        }
        try FileManager.default.createDirectory(atPath: room.file("other"), withIntermediateDirectories: true)
        try room.write(try other.text("ca.pem"), "other/ca.pem")
        try await room.openssl("genrsa", "-out", room.file("rsa.key"), "2048")
        try await room.openssl(
            "pkey", "-in", room.file("hies/wherry-client.key"), "-aes128", "-passout", "pass:secret", "-out",
            room.file("encrypted.key"))
        return room
    }
}
