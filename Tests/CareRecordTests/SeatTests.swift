import CareRecord
import Testing

@Suite("Workers of an HIE") struct SeatTests {
    private static let longest = "a" + String(repeating: "b", count: 19)

    @Test("a seat is read from what it is written as", arguments: ["barts", "barts.a", "st-georges.ward-7"])
    func text(_ text: String) {
        #expect(Seat(text)?.text == text)
    }

    @Test(
        "anything else is none",
        arguments: ["", ".", "barts.", ".a", "Barts", "barts.A", "barts.7", "barts.a.b", "barts.\(longest)c"])
    func refused(_ text: String) {
        #expect(Seat(text) == nil)
    }

    @Test("only a primary keeps a journal, and a replica is called one") func roles() throws {
        let (primary, replica) = (try #require(Seat("barts")), try #require(Seat("barts.\(Self.longest)")))
        #expect(primary.journal == primary.hie && primary.words == "barts")
        #expect(replica.journal == nil && replica.words == "replica \(Self.longest) of barts")
        #expect(replica.hie == primary.hie && replica != primary)
    }
}
