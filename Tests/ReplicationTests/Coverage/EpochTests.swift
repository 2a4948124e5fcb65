import CareRecord
import LoadTest
import Testing

@testable import Replication

private func moment(_ text: String) -> Timestamp { Timestamp(text: text)! }  // a well-formed constant
private func epoch(_ text: String) -> Epoch { Epoch(text)! }  // a well-formed constant

@Suite("Epochs") struct EpochTests {
    private let now = moment("2026-11-22T17:03:05.123Z")

    private func following(_ last: String, at now: Timestamp? = nil, seed: UInt64 = 1) -> Epoch? {
        var random = SplitMix64(seed: seed)
        return Epoch.following(epoch(last), at: now ?? self.now, using: &random)
    }

    @Test("an epoch says when it began, with eight random digits") func form() {
        for seed in UInt64(0)..<200 {
            var random = SplitMix64(seed: seed)
            let text = Epoch(beginning: now, using: &random).text
            #expect(text.hasPrefix("2026-11-22T17:03:05.123Z-"))
            #expect(text.utf8.count == 33)
        }
    }

    @Test("the next epoch is the one that begins now, whatever the last one's text is, while it sorts below")
    func following() {
        for last in ["2026-11-22T17:03:05.122Z-ffffffff", "2025-01-01T00:00:00.000Z-00000000", "0", "2026", "-"] {
            #expect(following(last)?.text.hasPrefix("2026-11-22T17:03:05.123Z-") == true, "\(last)")
        }
    }

    @Test("an epoch always sorts after the one it follows, even within a millisecond or with a clock that went back")
    func sortsAfter() throws {
        let lasts = [
            "2026-11-22T17:03:05.123Z-ffffffff", "2026-11-22T17:03:05.123Z-00000000",
            "2026-11-22T17:03:05.124Z-80000000",
            "2026-12-31T23:59:59.999Z-ffffffff", "2027-11-01T00:00:00.000Z-abcdef01",
        ]
        for last in lasts {
            for seed in UInt64(0)..<50 {
                let next = try #require(following(last, seed: seed))
                #expect(next > epoch(last))
                #expect(Timestamp(text: next.text.prefix(24)) != nil)
            }
        }
        #expect(following("2026-12-31T23:59:59.999Z-ffffffff")?.text.hasPrefix("2027-01-01T00:00:00.000Z-") == true)
    }

    @Test("a run of epochs with a clock that stands still rises") func chain() throws {
        var random = SplitMix64(seed: 3)
        var last = Epoch(beginning: now, using: &random)
        for _ in 0..<1000 {
            let next = try #require(Epoch.following(last, at: now, using: &random))
            #expect(next > last)
            last = next
        }
    }

    @Test(
        "an epoch that no worker of this journal can have begun is not followed",
        arguments: [
            "zzz", "9999-12-31T23:59:59.999Z-ffffffff", "2027-11-23T17:03:05.124Z-00000000", "2026-13-01T00:00:00.000Z",
            "3", "2026-11-31T00:00:00.000Z-00000000",
        ])
    func unfollowable(last: String) {
        #expect(following(last) == nil)
    }

    @Test("an epoch a year ahead is followed, a millisecond more is not") func yearAhead() {
        #expect(following("2027-11-23T17:03:05.123Z-00000000") != nil)
        #expect(following("2027-11-23T17:03:05.124Z-00000000") == nil)
    }

    @Test("only letters, digits, colons, stops and hyphens, 1 to 64 of them, make an epoch") func wellFormed() {
        for text in ["", "a b", "é", "a/b", "a\n", String(repeating: "a", count: 65)] { #expect(Epoch(text) == nil) }
        for text in ["a", "A.9:-", String(repeating: "a", count: 64)] { #expect(Epoch(text)?.text == text) }
    }
}
