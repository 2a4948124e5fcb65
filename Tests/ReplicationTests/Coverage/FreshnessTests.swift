import CareRecord
import Testing

@testable import Replication

private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

@Suite("Freshness") struct FreshnessTests {
    @Test("promise P3: as of is when the pulse was received that is caught up with") func asOf() {
        var freshness = Freshness()
        freshness.pulse(head: 10, digest: 0, at: at(1))
        #expect(freshness.advance(watermark: 4, digest: nil) == .unknown)
        #expect(freshness.asOf == nil)
        freshness.pulse(head: 12, digest: 0, at: at(3))
        #expect(freshness.advance(watermark: 11, digest: nil) == .unknown)
        #expect(freshness.asOf == at(1))
        _ = freshness.advance(watermark: 12, digest: nil)
        #expect(freshness.asOf == at(3))
        #expect(freshness.head == 12)
    }

    @Test("more pulses than are remembered never make as of newer than the truth") func bounded() {
        var freshness = Freshness()
        for second in Int64(1)...1000 { freshness.pulse(head: second * 10, digest: 0, at: at(second)) }
        for reached in stride(from: Int64(0), through: 10_000, by: 370) {
            _ = freshness.advance(watermark: reached, digest: nil)
            if let asOf = freshness.asOf { #expect(asOf.milliseconds / 1000 * 10 <= reached) }
        }
        _ = freshness.advance(watermark: 10_000, digest: nil)
        #expect(freshness.asOf == at(1000))
    }

    @Test("promise P3: a pulse at the watermark whose digest differs is not caught up with") func differs() {
        var freshness = Freshness()
        freshness.pulse(head: 5, digest: 7, at: at(1))
        #expect(freshness.advance(watermark: 5, digest: 7) == .agrees)
        freshness.pulse(head: 5, digest: 8, at: at(2))
        #expect(freshness.advance(watermark: 5, digest: 7) == .differs)
        #expect(freshness.asOf == at(1))
        freshness.pulse(head: 5, digest: 7, at: at(3))
        #expect(freshness.advance(watermark: 5, digest: 7) == .agrees)
        #expect(freshness.asOf == at(3))
    }

    @Test("digests of different numbers are not compared: what is passed is caught up with") func passed() {
        var freshness = Freshness()
        freshness.pulse(head: 5, digest: 8, at: at(1))
        #expect(freshness.advance(watermark: 6, digest: 7) == .unknown)
        #expect(freshness.asOf == at(1))
    }

    @Test("promise P3: a head that goes back takes back the pulses above it, so that later ones are caught up with")
    func headBack() {
        var freshness = Freshness()
        freshness.pulse(head: 40, digest: 1, at: at(1))
        freshness.pulse(head: 26, digest: 2, at: at(2))
        #expect(freshness.advance(watermark: 26, digest: 3) == .differs)
        #expect(freshness.asOf == nil)
        freshness.pulse(head: 26, digest: 3, at: at(4))
        #expect(freshness.advance(watermark: 26, digest: 3) == .agrees)
        #expect(freshness.asOf == at(4))
    }

    @Test("promise P3: a clock that was set back takes its moments with it") func clockBack() {
        var freshness = Freshness(head: 3, heardAt: at(9), asOf: at(9))
        freshness.pulse(head: 3, digest: 0, at: at(5), intervalMilliseconds: 2000)
        freshness.pulse(head: 3, digest: 0, at: at(7), intervalMilliseconds: 2000)
        _ = freshness.advance(watermark: 3, digest: nil)
        #expect(freshness.asOf == at(7))
        #expect(freshness.heardAt == at(7))
    }

    @Test(
        "promise P3: a pulse that was held up says nothing as of when it came",
        arguments: [(first: 1000, second: 1900), (1000, 3001), (1000, 20_000), (1000, 1000), (1000, 500)])
    func untimely(first: Int64, second: Int64) {
        var freshness = Freshness()
        freshness.pulse(
            head: 3, digest: 0, at: Timestamp(milliseconds: first), intervalMilliseconds: 2000)
        freshness.pulse(
            head: 3, digest: 0, at: Timestamp(milliseconds: second), intervalMilliseconds: second == 3001 ? 1333 : 2000)
        #expect(freshness.advance(watermark: 3, digest: 0) == .agrees)
        #expect(freshness.asOf == nil)
        #expect(freshness.heardAt == Timestamp(milliseconds: second))
    }

    @Test("a new epoch forgets what was known") func restart() {
        var freshness = Freshness()
        freshness.pulse(head: 1, digest: 0, at: at(1))
        _ = freshness.advance(watermark: 1, digest: nil)
        freshness.restart()
        #expect(freshness.asOf == nil)
        #expect(freshness.head == nil)
        #expect(freshness.heardAt == at(1))
    }
}

@Suite("Coverage") struct CoverageTests {
    private static let barts = HIEIdentifier("barts")!  // a well-formed constant
    private static let epoch = Epoch("2026-01-01T00:00:00.000Z-0000beef")!  // a well-formed constant

    private func judge(
        watermark: Int64, pulses: [(head: Int64, second: Int64)], held: Int = 0, now: Int64
    ) -> SourceCoverage {
        var subscription = Subscription(Self.barts)
        subscription.held = held
        if watermark > 0 {
            let progress = SourceProgress(epoch: Self.epoch, applied: AppliedRanges(watermark: watermark, islands: []))
            subscription.advanced(progress, digest: 0, at: at(0))
        }
        // Pulses come when they are due: one before the first sets the pace.
        for pulse in pulses.prefix(1).map({ (head: $0.head, second: $0.second - 1) }) + pulses {
            subscription.pulse(
                Pulse(
                    source: Self.barts, epoch: Self.epoch, head: pulse.head, digest: 0, intervalMilliseconds: 1000),
                at: at(pulse.second))
        }
        return subscription.coverage(at: at(now), silentAfterMilliseconds: 7000)
    }

    @Test("promise P3: the state of a source says what is known of it")
    func states() {
        #expect(judge(watermark: 5, pulses: [(5, 10)], now: 12).state == .complete)
        #expect(judge(watermark: 5, pulses: [(5, 10), (9, 11)], now: 12).state == .behind(changes: 4))
        #expect(judge(watermark: 5, pulses: [(5, 10)], now: 18).state == .silent(since: at(10)))
        #expect(judge(watermark: 0, pulses: [], now: 18).state == .silent(since: nil))
        #expect(judge(watermark: 3, pulses: [(9, 10)], now: 12).state == .joining(applied: 3, of: 9))
        #expect(judge(watermark: 0, pulses: [(9, 10)], now: 12).state == .joining(applied: 0, of: 9))
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

extension Freshness {
    /// A pulse that comes when it is due.
    fileprivate mutating func pulse(head: Int64, digest: UInt64, at moment: Timestamp) {
        if heardAt == nil { self = Freshness(heardAt: Timestamp(milliseconds: moment.milliseconds - 1)) }
        let gap = heardAt.map { moment.since($0) } ?? 1
        pulse(head: head, digest: digest, at: moment, intervalMilliseconds: max(1, gap))
    }
}
