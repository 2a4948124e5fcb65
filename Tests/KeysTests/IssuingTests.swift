import CareRecord
import Foundation
import Keys
import TestSupport
import Testing
import Topology

@Suite("Issuing certificates")
struct IssuingTests {
    @Test("a worker's is for a client whose name is its HIE, as OpenSSL sees it")
    func worker() async throws {
        let room = try KeyRoom()
        #expect(try room.issue(room.barts).act == .issued)
        let text = try await room.openssl("x509", "-in", room.file("hies/barts.pem"), "-noout", "-text")
        for part in ["Subject: CN = barts", "TLS Web Client Authentication", "CA:FALSE", "Digital Signature"] {
            #expect(text.contains(part), "\(part) is not in \(text)")
        }
        #expect(!text.contains("TLS Web Server Authentication") && !text.contains("Subject Alternative Name"))
        #expect(text.contains("Not Before: Nov 30 11:50:00 2026") && text.contains("Not After : Feb 28 12:00:00 2027"))
        try await room.openssl(
            "verify", "-attime", "\(KeyRoom.now.milliseconds / 1000)", "-x509_strict", "-purpose", "sslclient",
            "-CAfile",
            room.file("ca.pem"), room.file("hies/barts.pem"))
        #expect(try room.mode("hies/barts.key") == 0o600 && room.mode("hies/barts.pem") == 0o644)
        try await room.openssl("pkey", "-in", room.file("hies/barts.key"), "-noout", "-check")
    }

    @Test("a broker's is for a server of every one of its names, and of no other")
    func broker() async throws {
        let room = try KeyRoom()
        try room.issue(room.nel)
        func verify(_ name: String) async throws {
            try await room.openssl(
                "verify", "-attime", "\(KeyRoom.now.milliseconds / 1000)", "-x509_strict", "-purpose", "sslserver",
                "-verify_hostname", name, "-CAfile", room.file("ca.pem"), room.file("brokers/nel.pem"))
        }
        try await verify("broker.nel.example")
        try await verify("node2.nel.example")
        await #expect(throws: (any Error).self) { try await verify("localhost") }
        let text = try await room.openssl("x509", "-in", room.file("brokers/nel.pem"), "-noout", "-text")
        #expect(text.contains("TLS Web Server Authentication") && !text.contains("TLS Web Client Authentication"))
    }

    @Test("two certificates have different serial numbers")
    func serials() throws {
        let room = try KeyRoom()
        try room.issue(room.barts)
        try room.issue(room.nel)
        #expect(Set(try Inspection.of(room.directory, now: KeyRoom.now).map(\.facts?.serial)).count == 3)
    }

    @Test("issuing again changes nothing")
    func again() throws {
        let room = try KeyRoom()
        for holder in [room.barts, room.nel] { try room.issue(holder) }
        let files = ["hies/barts.pem", "hies/barts.key", "brokers/nel.pem", "brokers/nel.key"]
        let before = try files.map(room.text)
        for holder in [room.barts, room.nel] { #expect(try room.issue(holder).act == .kept) }
        #expect(try files.map(room.text) == before)
    }

    @Test("what does not do any more is issued anew with the key that is there")
    func anew() throws {
        let room = try KeyRoom()
        try room.issue(room.nel, days: 10)
        let key = try room.text("brokers/nel.key")
        let more = Holder.broker(region: "nel", names: ["broker.nel.example", "localhost"])
        #expect(try room.issue(more, days: 10).reason == "its names were others")
        #expect(try room.issue(more, at: KeyRoom.after(days: 11)).reason == "it had expired")
        #expect(try room.issue(more, at: KeyRoom.after(days: 5)).reason == "its time had not begun")
        #expect(try room.text("brokers/nel.key") == key)
        try room.remove("brokers/nel.key")
        #expect(try room.issue(more).reason == "its key was another")
        #expect(try room.states() == [.valid, .valid])
    }

    @Test("a certificate ends with its authority at the latest")
    func authorityEnds() throws {
        let room = try KeyRoom(authorityDays: 30)
        #expect(try room.issue(room.barts, days: 90).until == KeyRoom.after(days: 30))
    }

    @Test("what another authority has issued is never replaced, and the others are issued all the same")
    func foreign() throws {
        let (room, other) = (try KeyRoom(), try KeyRoom())
        try other.issue(other.barts)
        try room.issue(room.barts)
        try room.write(try other.text("hies/barts.pem"), "hies/barts.pem")
        try room.write(try other.text("hies/barts.key"), "hies/barts.key")
        let lines = try Issuing(room.directory, days: 1, now: KeyRoom.now).certificates(for: [room.barts, room.nel])
        #expect(lines.map(\.act) == [.refused, .issued])
        #expect(lines.first?.reason?.contains("move it away") == true)
        #expect(try room.text("hies/barts.pem") == other.text("hies/barts.pem"))
    }

    @Test("a key that cannot be used is named and left as it is")
    func unusableKeys() async throws {
        let room = try KeyRoom()
        try room.issue(room.barts)
        try await room.openssl(
            "pkey", "-in", room.file("hies/barts.key"), "-aes128", "-passout", "pass:secret", "-out",
            room.file("encrypted.key"))
        for (text, word) in [("nonsense", "no private key"), (try room.text("encrypted.key"), "openssl pkey")] {
            try room.write(text, "hies/barts.key")
            let line = try room.issue(room.barts)
            #expect(line.act == .refused && line.reason?.contains("barts.key") == true)
            #expect(line.reason?.contains(word) == true)
            #expect(try room.text("hies/barts.key") == text)
        }
    }

    @Test("the names of a broker are those of its addresses, and an IP address is none")
    func brokerNames() throws {
        let region = { (addresses: [String]) in
            Region(
                id: "nel", name: "", partnership: "", broker: Broker(addresses: addresses, managementURL: nil), hies: []
            )
        }
        let urls = ["amqps://b.example:5671/wherry", "amqps://a.example", "amqps://b.example:5673", "amqps://10.0.0.1"]
        let (holder, addresses) = try Holder.broker(of: region(urls), more: ["localhost"])
        #expect(holder == .broker(region: "nel", names: ["b.example", "a.example", "localhost"]))
        #expect(addresses == ["10.0.0.1"])
        let said = reason { _ = try Holder.broker(of: region(["amqps://127.0.0.1", "amqps://[::1]"]), more: []) }
        #expect(said.contains("127.0.0.1, ::1") && said.contains("--dns"))
        for name in ["10.0.0.1", "::1", "", "a..b", "-a", "a b", "a,DNS:b", "*.example", "é.example"] {
            #expect(throws: KeysError.self) { try Holder.check(name) }
        }
    }

    @Test("two at the same time would spoil each other's files: the second is told to wait")
    func alone() throws {
        let room = try KeyRoom()
        let descriptor = open(room.path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        #expect(reason { try room.issue(room.barts) }.contains("another wherry pki"))
    }
}
