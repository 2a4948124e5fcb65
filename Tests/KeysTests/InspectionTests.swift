import CareRecord
import Foundation
import Keys
import TestSupport
import Testing

@Suite("What certificates say")
struct InspectionTests {
    @Test(
        "a state for every day of a certificate's life",
        arguments: [
            (Int64(-1), CertificateState.notYetValid), (0, .valid), (59, .valid), (61, .expiresSoon),
            (89, .expiresSoon), (90, .expired), (400, .expired),
        ])
    func clock(day: Int64, state: CertificateState) throws {
        let room = try KeyRoom()
        try room.issue(room.barts)
        let shown = try #require(try Inspection.of(room.directory, now: KeyRoom.after(days: day)).last)
        #expect(shown.state == state)
        #expect(shown.facts?.daysLeft(at: KeyRoom.after(days: day)) == Int(90 - day))
    }

    @Test("a key of another, another authority, and what cannot be read are told apart")
    func flaws() throws {
        let (room, other) = (try KeyRoom(), try KeyRoom())
        for holder in [room.barts, room.nel] {
            try room.issue(holder)
            try other.issue(holder)
        }
        try room.write(try other.text("hies/barts.key"), "hies/barts.key")
        try room.write(try other.text("brokers/nel.pem"), "brokers/nel.pem")
        try room.write(try other.text("brokers/nel.key"), "brokers/nel.key")
        try room.write("nonsense", "brokers/sel.pem")
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        try room.write(pem, "brokers/swl.pem")
        #expect(try room.states() == [.valid, .wrongKey, .wrongAuthority, .unreadable, .unreadable])
        let reasons = try Inspection.of(room.directory, now: KeyRoom.now).compactMap(\.reason)
        #expect(reasons.count == 2 && reasons[0].contains("sel.pem") && reasons[1].contains("swl.pem"))
    }

    @Test("every certificate of a file is shown, with what stands around them")
    func bundle() async throws {
        let (room, other) = (try KeyRoom(), try KeyRoom())
        let text = try await room.openssl("x509", "-in", room.file("ca.pem"), "-text")
        try room.write(text + (try other.text("ca.pem")), "bundle.pem")
        let shown = Inspection.of(file: room.file("bundle.pem"), now: KeyRoom.now)
        #expect(shown.map(\.state) == [.valid, .valid])
        let serial = try await room.openssl("x509", "-in", room.file("ca.pem"), "-noout", "-serial")
        #expect("serial=\(shown.first?.facts?.serial ?? "")\n" == serial)
    }

    @Test("certificates and keys of other kinds are read, too", arguments: ["rsa:2048", "ec"])
    func kinds(kind: String) async throws {
        let room = try KeyRoom()
        let key = kind == "ec" ? ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"] : [kind]
        try await room.openssl(
            ["req", "-x509", "-newkey"] + key + [
                "-nodes", "-days", "90", "-subj", "/O=Trust/CN=a", "-keyout", room.file("a.key"), "-out",
                room.file("a.crt"),
            ])
        let now = Timestamp(milliseconds: KeyRoom.present().milliseconds + 2000)
        let shown = Inspection.of(file: room.file("a.crt"), now: now)
        #expect(shown.map(\.state) == [.valid], "\(shown)")
        #expect(shown.first?.facts?.commonName == "a")
    }

    @Test("what is not there is named")
    func missing() throws {
        let room = try KeyRoom(authorityDays: nil)
        #expect(reason { _ = try Inspection.of(room.directory, now: KeyRoom.now) }.contains("wherry pki init"))
        let shown = Inspection.of(file: room.file("missing.pem"), now: KeyRoom.now)
        #expect(shown.map(\.state) == [.unreadable] && shown.first?.reason?.contains("missing.pem") == true)
    }
}
