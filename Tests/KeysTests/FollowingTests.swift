import AMQP
import CareRecord
import Foundation
import Keys
import TestSupport
import Testing

@Suite("Following a worker's TLS files")
struct FollowingTests {
    private let room: KeyRoom
    private let other: KeyRoom

    init() throws {
        (room, other) = (try KeyRoom(), try KeyRoom())
        for room in [room, other] { try room.issue(room.barts) }
    }

    private func look(account: String? = "barts") async -> KeyFinding {
        let files = TLSFiles(
            ca: room.file("ca.pem"), certificate: room.file("hies/barts.pem"), key: room.file("hies/barts.key"))
        return await KeyFiles(files, account: account).look()
    }

    private func reason(of finding: KeyFinding) -> String? {
        switch finding.verdict {
        case .usable: nil
        case .foreign(let reason), .unusable(let reason): reason
        }
    }

    @Test("a set that goes together has a fingerprint, which another certificate changes")
    func fingerprints() async throws {
        let first = await look()
        #expect(await look() == first && reason(of: first) == nil)
        #expect(first.certificates.map(\.kind) == [.own, .authority])
        #expect(first.certificates.map(\.fileName) == ["barts.pem", "ca.pem"])
        _ = try room.renew(.all(authorityWithin: 0))
        let second = await look()
        #expect(second.verdict != first.verdict && reason(of: second) == nil)
    }

    @Test("a set that does not go together names the file")
    func unusable() async throws {
        let cases: [(String, (KeyRoom) throws -> Void)] = [
            ("barts.key does not belong", { try $0.write(try other.text("hies/barts.key"), "hies/barts.key") }),
            ("barts.key is not there", { try $0.remove("hies/barts.key") }),
            ("barts.pem holds no certificate", { try $0.write("", "hies/barts.pem") }),
            ("ca.pem is not there", { try $0.remove("ca.pem") }),
        ]
        for (word, spoil) in cases {
            let files = ["hies/barts.key", "hies/barts.pem", "ca.pem"]
            let before = try files.map(room.text)
            try spoil(room)
            let finding = await look()
            #expect(reason(of: finding)?.contains(word) == true, "\(finding.verdict)")
            for (file, text) in zip(files, before) { try room.write(text, file) }
        }
        try room.write("", "ca.pem")
        let states = await look().certificates.map { $0.state(at: KeyRoom.now) }
        #expect(states == [.valid, .unreadable])
    }

    @Test("another HIE's certificate is refused, unless the worker logs in otherwise")
    func foreign() async throws {
        let finding = await look(account: "homerton")
        #expect(reason(of: finding)?.contains("CN=barts, not of homerton") == true)
        #expect(reason(of: await look(account: nil)) == nil)
    }

    @Test("of authorities of one name the one that ends last counts")
    func successors() async throws {
        let before = try room.text("ca.pem")
        _ = try room.renew(.endingWithin(milliseconds: 4000 * KeyRoom.day), at: KeyRoom.after(days: 100))
        try room.write(before + (try room.text("ca.pem")), "ca.pem")
        let authorities = await look().certificates.filter { $0.kind == .authority }
        #expect(authorities.map(\.facts?.until) == [KeyRoom.after(days: 3750)])
    }
}
