import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

@Suite("Open gap") struct OpenGapTests {
    @Test("whatever comes of its numbers in whatever order, it misses the others, and no more than it must")
    func exhaustive() {
        for after in Int64(0)...3 {
            for through in after + 1...after + 5 {
                let numbers = Array(after + 1...through)
                for chosen in 0..<(1 << numbers.count) {
                    let there = numbers.indices.filter { chosen & (1 << $0) != 0 }.map { numbers[$0] }
                    for order in [there, there.reversed(), there.filter { $0 % 2 == 0 } + there.filter { $0 % 2 == 1 }]
                    {
                        var gap = OpenGap(Gap(letter: .sample(1), after: after, through: through), above: 0)
                        for seq in order { gap.fill(seq) }
                        let missing = numbers.filter { !there.contains($0) }
                        #expect((0...after + 9).filter { gap.misses($0) } == missing)
                        #expect(gap.isFull == missing.isEmpty)
                        guard let first = missing.first, let last = missing.last else { continue }
                        #expect(gap.after == first - 1 && gap.through == last)
                    }
                }
            }
        }
    }

    @Test("what is applied when it is opened is not missing") func above() {
        let gap = OpenGap(Gap(letter: .sample(1), after: 3, through: 9), above: 7)
        #expect((1...12).filter { gap.misses($0) } == [8, 9])
        #expect(!gap.isExact)
    }

    @Test("it records so many stretches and no more; what finds no room counts as missing") func room() {
        var gap = OpenGap(Gap(letter: .sample(1), after: 0, through: 1000), above: 0)
        for seq in stride(from: Int64(2), to: 1000, by: 2) { gap.fill(seq) }
        #expect(gap.present.islands.count == OpenGap.islandsMax)
        #expect(!gap.misses(2) && gap.misses(998) && gap.misses(3))
    }

    @Test("a lookup over many gaps says what each of them would say", arguments: UInt64(0)..<30)
    func lookup(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var gaps: [OpenGap] = []
        for number in 0..<random.within(0...12) {
            let after = Int64(random.below(40))
            let gap = Gap(letter: .sample(Int64(number)), after: after, through: after + Int64(random.within(1...6)))
            gaps.append(OpenGap(gap, above: 0))
            for _ in 0..<random.below(4) { gaps[number].fill(after + Int64(random.below(7))) }
        }
        let lookup = GapLookup(random.shuffle(gaps))
        for seq in Int64(0)...50 {
            #expect(lookup.misses(seq) == gaps.contains { $0.misses(seq) }, "\(seq)")
            for through in seq...seq + 4 {
                let expected = gaps.contains { !$0.isFull && $0.after < through && seq < $0.through }
                #expect(
                    lookup.reaches(after: seq, through: through) == (expected && seq < through), "\(seq) \(through)")
            }
        }
    }
}
