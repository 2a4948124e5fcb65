import CareRecord
import Testing

@testable import Replication

private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

@Suite("Freshness") struct FreshnessTests {
    @Test("promise P3: as of is when the pulse was received that is caught up with") func asOf() {
        var freshness = Freshness()
        freshness.pulse(head: 10, at: at(1), watermark: 4)
        #expect(freshness.asOf == nil)
        freshness.pulse(head: 12, at: at(3), watermark: 9)
        freshness.advance(watermark: 11)
        #expect(freshness.asOf == at(1))
        freshness.advance(watermark: 12)
        #expect(freshness.asOf == at(3))
        #expect(freshness.head == 12)
    }

    @Test("more pulses than are remembered never make as of newer than the truth") func bounded() {
        var freshness = Freshness()
        for second in Int64(1)...1000 { freshness.pulse(head: second * 10, at: at(second), watermark: 0) }
        for reached in stride(from: Int64(0), through: 10_000, by: 370) {
            freshness.advance(watermark: reached)
            if let asOf = freshness.asOf { #expect(asOf.milliseconds / 1000 * 10 <= reached) }
        }
        freshness.advance(watermark: 10_000)
        #expect(freshness.asOf == at(1000))
    }

    @Test("a new epoch forgets what was known") func restart() {
        var freshness = Freshness()
        freshness.pulse(head: 1, at: at(1), watermark: 1)
        freshness.restart()
        #expect(freshness.asOf == nil)
        #expect(freshness.head == nil)
        #expect(freshness.heardAt == at(1))
    }
}

@Suite("Coverage") struct CoverageTests {
    private let barts = HIEIdentifier("barts")!  // a well-formed constant

    private func judge(
        watermark: Int64, pulses: [(head: Int64, second: Int64)], held: Int = 0, now: Int64
    ) -> SourceCoverage {
        var progress = SourceProgress()
        progress.apply(after: 0, through: watermark)
        var freshness = Freshness()
        for pulse in pulses { freshness.pulse(head: pulse.head, at: at(pulse.second), watermark: watermark) }
        return SourceCoverage.judge(
            barts, progress: progress, freshness: freshness, held: held, now: at(now), silentAfterMilliseconds: 7000)
    }

    @Test("promise P3: the state of a source says what is known of it")
    func states() {
        #expect(judge(watermark: 5, pulses: [(5, 10)], now: 12).state == .complete)
        #expect(judge(watermark: 5, pulses: [(5, 10), (9, 11)], now: 12).state == .behind(changes: 4))
        #expect(judge(watermark: 5, pulses: [(5, 10)], now: 18).state == .silent(since: at(10)))
        #expect(judge(watermark: 0, pulses: [], now: 18).state == .silent(since: nil))
        #expect(judge(watermark: 3, pulses: [(9, 10)], now: 12).state == .joining(applied: 3, of: 9))
        #expect(judge(watermark: 5, pulses: [(5, 10)], held: 2, now: 12).state == .held(deadLetters: 2))
        #expect(judge(watermark: 0, pulses: [(0, 10)], now: 12).state == .complete)
    }

    @Test("a silent source keeps saying how old its word is and how much is held") func silentKeeps() {
        let coverage = judge(watermark: 5, pulses: [(5, 10)], held: 2, now: 60)
        #expect(coverage.asOf == at(10))
        #expect(coverage.held == 2)
        #expect(coverage.state.reason == "no pulse since 1970-01-01T00:00:10.000Z")
    }
}
