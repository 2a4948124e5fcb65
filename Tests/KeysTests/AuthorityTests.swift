import CareRecord
import Foundation
import Keys
import TestSupport
import Testing

@Suite("A private authority")
struct AuthorityTests {
    @Test("OpenSSL accepts it as an authority that signs nobody who signs others, good from a little before now")
    func authority() async throws {
        let room = try KeyRoom()
        let text = try await room.openssl(
            "x509", "-in", room.file("ca.pem"), "-noout", "-text", "-startdate", "-enddate")
        for part in [
            "Issuer: CN = Test authority", "Subject: CN = Test authority", "CA:TRUE, pathlen:0",
            "Certificate Sign, CRL Sign", "ASN1 OID: prime256v1", "notBefore=Nov 30 11:50:00 2026 GMT",
            "notAfter=Nov 27 12:00:00 2036 GMT",
        ] {
            #expect(text.contains(part), "\(part) is not in \(text)")
        }
        try await room.openssl("verify", "-no_check_time", "-CAfile", room.file("ca.pem"), room.file("ca.pem"))
        try await room.openssl("pkey", "-in", room.file("ca.key"), "-noout", "-check")
    }

    @Test("only its owner sees the key, everybody the certificate")
    func modes() throws {
        let room = try KeyRoom()
        #expect(try room.mode("") == 0o700)
        #expect(try room.mode("ca.key") == 0o600)
        #expect(try room.mode("ca.pem") == 0o644)
        let names = try FileManager.default.contentsOfDirectory(atPath: room.path)
        #expect(Set(names) == ["ca.key", "ca.pem"], "nothing unfinished is left")
    }

    @Test("one that is there is never replaced, nor half of one", arguments: ["ca.key", "ca.pem"])
    func existing(missing: String) throws {
        let room = try KeyRoom()
        try room.remove(missing)
        let kept = missing == "ca.key" ? "ca.pem" : "ca.key"
        let before = try room.text(kept)
        let said = reason { _ = try Authority.make(in: room.directory, name: "Another", days: 1, now: KeyRoom.now) }
        #expect(said.contains(kept) && said.contains("--dir"))
        #expect(try room.text(kept) == before)
    }

    @Test("an authority whose parts do not go together signs nothing, and says which file is wrong")
    func unusable() throws {
        let other = try KeyRoom()
        let cases: [(String, (KeyRoom) throws -> Void)] = [
            ("ca.key", { try $0.remove("ca.key") }),
            ("wherry pki init", { try $0.remove("ca.pem") }),
            ("ca.key is not the key", { try $0.write(try other.text("ca.key"), "ca.key") }),
            ("ca.key holds no private key", { try $0.write("nonsense", "ca.key") }),
            ("ca.pem holds no certificate", { try $0.write("", "ca.pem") }),
            (
                "not an authority",
                { room in
                    try room.issue(room.barts)
                    try room.write(try room.text("hies/barts.pem"), "ca.pem")
                    try room.write(try room.text("hies/barts.key"), "ca.key")
                }
            ),
        ]
        for (word, spoil) in cases {
            let room = try KeyRoom()
            try spoil(room)
            let said = reason { try room.issue(room.barts) }
            #expect(said.contains(word), "\(said) does not contain \(word)")
        }
    }

    @Test("one whose time is over signs nothing until it is renewed")
    func expired() throws {
        let room = try KeyRoom(authorityDays: 100)
        let later = KeyRoom.after(days: 101)
        let refused = try room.issue(room.barts, at: later)
        #expect(refused.act == .refused && refused.reason?.contains("wherry pki renew") == true)
        #expect(try room.renew(.endingWithin(milliseconds: KeyRoom.day), at: later) == ["ca.pem renewed"])
        #expect(try room.issue(room.barts, at: later).act == .issued)
        #expect(try room.states(at: later) == [.valid, .valid])
    }

    @Test("what it had signed before it was renewed stays good")
    func renewed() async throws {
        let room = try KeyRoom(authorityDays: 100)
        try room.issue(room.barts)
        try room.write(try room.text("hies/barts.pem"), "before.pem")
        let later = KeyRoom.after(days: 80)
        #expect(
            try room.renew(.endingWithin(milliseconds: 30 * KeyRoom.day), at: later)
                == ["ca.pem renewed", "hies/barts.pem renewed"])
        for name in ["before.pem", "hies/barts.pem"] {
            try await room.openssl(
                "verify", "-attime", "\(later.milliseconds / 1000)", "-CAfile", room.file("ca.pem"), room.file(name))
        }
    }

    @Test("what cannot be written is an error that names the directory")
    func unwritable() throws {
        let room = try KeyRoom(authorityDays: nil)
        try "a file".write(toFile: room.path, atomically: true, encoding: .utf8)
        let said = reason { _ = try Authority.make(in: room.directory, name: "x", days: 1, now: KeyRoom.now) }
        #expect(said.contains(room.path) && said.contains("--dir"))
    }
}
