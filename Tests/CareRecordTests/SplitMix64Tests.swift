import CareRecord
import Testing

@Suite("SplitMix64")
struct SplitMix64Tests {
    @Test("the sequence is the published one")
    func published() {
        var random = SplitMix64(seed: 1_234_567)
        let expected: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
        ]
        #expect(expected.map { _ in random.next() } == expected)
    }

    @Test("choices stay within their bounds and reach them")
    func bounds() {
        var random = SplitMix64(seed: 1)
        let values = Set((0..<1_000).map { _ in random.within(3...7) })
        #expect(values == [3, 4, 5, 6, 7])
    }

    @Test("streams of one seed differ")
    func streams() {
        let first = (UInt64(0)..<1_000).map { index -> UInt64 in
            var random = SplitMix64(seed: 9, stream: index)
            return random.next()
        }
        #expect(Set(first).count == first.count)
    }
}
