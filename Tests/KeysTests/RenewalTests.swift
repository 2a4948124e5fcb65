import CareRecord
import Foundation
import Keys
import TestSupport
import Testing

@Suite("Renewing certificates")
struct RenewalTests {
    private let room: KeyRoom

    init() throws {
        room = try KeyRoom()
        try room.issue(room.barts, days: 20)
        try room.issue(room.nel, days: 90)
    }

    @Test("those that end within the time are issued anew, for as long as before, with their keys and names")
    func within() async throws {
        let key = try room.text("hies/barts.key")
        let nel = try room.text("brokers/nel.pem")
        #expect(
            try room.renew(.endingWithin(milliseconds: 30 * KeyRoom.day), at: KeyRoom.after(days: 1))
                == ["ca.pem kept", "hies/barts.pem renewed", "brokers/nel.pem kept"])
        let facts = try #require(try Inspection.of(room.directory, now: KeyRoom.now).map(\.facts)[1])
        #expect(facts.until == KeyRoom.after(days: 21) && facts.commonName == "barts")
        #expect(try room.text("hies/barts.key") == key)
        #expect(try room.text("brokers/nel.pem") == nel)
        try await room.openssl(
            "verify", "-attime", "\(KeyRoom.after(days: 2).milliseconds / 1000)", "-CAfile", room.file("ca.pem"),
            room.file("hies/barts.pem"))
    }

    @Test("all of them, with other keys and another length where that is asked for; the authority keeps its key")
    func newKeys() throws {
        let before = try ["ca.key", "hies/barts.key", "brokers/nel.key"].map(room.text)
        #expect(
            try room.renew(.all(authorityWithin: 0), keys: .made, days: 365)
                == ["ca.pem kept", "hies/barts.pem renewed", "brokers/nel.pem renewed"])
        let after = try ["ca.key", "hies/barts.key", "brokers/nel.key"].map(room.text)
        #expect(before[0] == after[0] && before[1] != after[1] && before[2] != after[2])
        let shown = try Inspection.of(room.directory, now: KeyRoom.now)
        #expect(shown.map(\.state) == [.valid, .valid, .valid])
        #expect(shown.last?.facts?.until == KeyRoom.after(days: 365))
        #expect(shown.last?.facts?.names == ["broker.nel.example", "node2.nel.example"])
    }

    @Test("what another authority has issued, and what is nobody's, is refused and left as it is")
    func foreign() throws {
        let other = try KeyRoom()
        try other.issue(other.barts)
        try room.write(try other.text("hies/barts.pem"), "hies/barts.pem")
        try room.write(try room.text("brokers/nel.pem"), "hies/Not An HIE.pem")
        try room.write("nonsense", "brokers/sel.pem")
        #expect(
            try room.renew(.all(authorityWithin: 0)) == [
                "ca.pem kept", "hies/Not An HIE.pem refused", "hies/barts.pem refused", "brokers/nel.pem renewed",
                "brokers/sel.pem refused",
            ])
        #expect(try room.text("hies/barts.pem") == other.text("hies/barts.pem"))
    }
}
