import Testing

@testable import Replication

@Suite("Applied ranges") struct AppliedRangesTests {
    @Test("ranges in order move the watermark") func inOrder() {
        var ranges = AppliedRanges()
        ranges.insert(after: 0, through: 3)
        ranges.insert(after: 3, through: 4)
        #expect(ranges.watermark == 4)
        #expect(ranges.islands.isEmpty)
        #expect(ranges.holes.isEmpty)
    }

    @Test("a range above a hole is an island until the hole closes") func island() {
        var ranges = AppliedRanges()
        ranges.insert(after: 5, through: 8)
        #expect(ranges.watermark == 0)
        #expect(ranges.holes == [AppliedRanges.Island(after: 0, through: 5)])
        ranges.insert(after: 0, through: 5)
        #expect(ranges == AppliedRanges(watermark: 8, islands: []))
    }

    @Test("islands that touch become one") func touching() {
        var ranges = AppliedRanges()
        ranges.insert(after: 4, through: 6)
        ranges.insert(after: 8, through: 9)
        ranges.insert(after: 6, through: 8)
        #expect(ranges.islands == [AppliedRanges.Island(after: 4, through: 9)])
    }

    @Test(
        "an empty or reversed range changes nothing", arguments: [(3, 3), (5, 2), (0, 0), (-4, -1)] as [(Int64, Int64)])
    func empty(range: (after: Int64, through: Int64)) {
        var ranges = AppliedRanges(watermark: 2, islands: [])
        ranges.insert(after: range.after, through: range.through)
        #expect(ranges == AppliedRanges(watermark: 2, islands: []))
    }

    @Test("what is kept is brought into form when it is restored") func restored() {
        let islands = [(9, 12), (1, 4), (4, 6), (10, 11)].map { AppliedRanges.Island(after: $0.0, through: $0.1) }
        let ranges = AppliedRanges(watermark: 2, islands: islands)
        #expect(ranges.watermark == 6)
        #expect(ranges.islands == [AppliedRanges.Island(after: 9, through: 12)])
    }

    @Test("islands beyond the limit are not recorded, and the watermark still moves") func limit() {
        var ranges = AppliedRanges()
        for number in Int64(1)...Int64(AppliedRanges.islandsMax + 50) {
            ranges.insert(after: number * 2, through: number * 2 + 1)
        }
        #expect(ranges.islands.count == AppliedRanges.islandsMax)
        ranges.insert(after: 0, through: 2)
        #expect(ranges.watermark == 3)
    }

    @Test("promise P2: every order of every small set of ranges ends the same, and holds just what was inserted")
    func everyOrder() {
        let spans = (Int64(0)..<5).flatMap { after in ((after + 1)...5).map { (after, $0) } }
        for first in spans {
            for second in spans {
                for third in spans { check([first, second, third]) }
            }
        }
    }

    private func check(_ spans: [(Int64, Int64)]) {
        let expected = Set(spans.flatMap { ($0.0 + 1)...$0.1 })
        var results: Set<AppliedRanges> = []
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            var ranges = AppliedRanges()
            for position in order { ranges.insert(after: spans[position].0, through: spans[position].1) }
            results.insert(ranges)
            for seq in Int64(1)...6 where ranges.contains(seq) != expected.contains(seq) {
                Issue.record("\(spans) in order \(order) is wrong about \(seq)")
            }
            for after in Int64(0)..<5 {
                for through in (after + 1)...5 {
                    let holds = ((after + 1)...through).allSatisfy(expected.contains)
                    if ranges.contains(after: after, through: through) != holds {
                        Issue.record("\(spans) in order \(order) is wrong about \(after)-\(through)")
                    }
                }
            }
        }
        #expect(results.count == 1)
    }
}

@Suite("Source progress") struct SourceProgressTests {
    private let old = Epoch("2026-01-01T00:00:00.000Z-00000001")!  // a well-formed constant
    private let new = Epoch("2026-01-02T00:00:00.000Z-00000000")!  // a well-formed constant

    @Test("the first range of a source replaces nothing and is applied") func first() {
        #expect(SourceProgress().verdict(epoch: old, after: 0, through: 1) == .replace)
    }

    @Test("a range is applied once") func once() {
        var progress = SourceProgress(epoch: old)
        #expect(progress.verdict(epoch: old, after: 0, through: 2) == .apply)
        progress.apply(after: 0, through: 2, head: 5)
        #expect(progress.reach == 5)
        #expect(progress.verdict(epoch: old, after: 0, through: 2) == .duplicate)
        #expect(progress.verdict(epoch: old, after: 1, through: 3) == .apply)
    }

    @Test("a later epoch replaces, and an earlier one is stale from then on") func epochs() {
        var progress = SourceProgress(epoch: old, applied: AppliedRanges(watermark: 9, islands: []))
        #expect(progress.verdict(epoch: new, after: 0, through: 1) == .replace)
        progress.replace(with: new)
        #expect(progress.applied.watermark == 0)
        #expect(progress.verdict(epoch: old, after: 9, through: 10) == .stale)
    }
}
