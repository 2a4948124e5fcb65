import CareRecord
import Foundation
import Keys
import TestSupport
import Testing

@Suite("Requests for certificates")
struct RequestTests {
    @Test("OpenSSL takes a request as it is, makes a certificate of it, and that one is then kept")
    func request() async throws {
        let room = try KeyRoom(authorityDays: nil)
        let real = try KeyRoom()
        let issuing = Issuing(room.directory, days: 90, now: KeyRoom.now)
        let lines = try issuing.requests(for: [room.barts, room.nel])
        #expect(lines.map(\.act) == [.requested, .requested] && lines.allSatisfy { $0.until == nil })
        #expect(lines.map { $0.file.suffix(4) } == [".csr", ".csr"])
        let text = try await room.openssl(
            "req", "-in", room.file("brokers/nel.csr"), "-noout", "-verify", "-text")
        for part in ["DNS:broker.nel.example, DNS:node2.nel.example", "TLS Web Server Authentication"] {
            #expect(text.contains(part), "\(part) is not in \(text)")
        }
        for name in ["hies/barts", "brokers/nel"] {
            try await room.openssl(
                "x509", "-req", "-in", room.file("\(name).csr"), "-CA", real.file("ca.pem"), "-CAkey",
                real.file("ca.key"), "-CAcreateserial", "-copy_extensions", "copy", "-days", "2", "-out",
                room.file("\(name).pem"))
        }
        let now = Timestamp(milliseconds: KeyRoom.present().milliseconds + 2000)
        let shown = try Inspection.of(room.directory, now: now)
        #expect(shown.map(\.state) == [.expiresSoon, .expiresSoon])
        #expect(shown.map(\.facts?.commonName) == ["barts", "Wherry broker nel"])
        #expect(!FileManager.default.fileExists(atPath: room.file("ca.pem")))
    }

    @Test("asking again keeps key and request")
    func again() throws {
        let room = try KeyRoom(authorityDays: nil)
        let issuing = Issuing(room.directory, days: 90, now: KeyRoom.now)
        _ = try issuing.requests(for: [room.nel])
        let before = [try room.text("brokers/nel.csr"), try room.text("brokers/nel.key")]
        #expect(try issuing.requests(for: [room.nel]).first?.reason == "as before")
        #expect([try room.text("brokers/nel.csr"), try room.text("brokers/nel.key")] == before)
        _ = try issuing.requests(for: [.broker(region: "nel", names: ["other.example"])])
        #expect(try room.text("brokers/nel.csr") != before[0])
        #expect(try room.text("brokers/nel.key") == before[1])
    }
}
