import AMQP
import Testing

@Suite("back-off")
struct BackOffTests {
    @Test("waits double from the first to the maximum, each between half of its step and the whole")
    func growth() {
        var backOff = BackOff(first: .milliseconds(100), max: .seconds(2))
        var generator = SystemRandomNumberGenerator()
        for step in [100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000] {
            let wait = backOff.next(using: &generator)
            #expect(wait >= .milliseconds(step) / 2)
            #expect(wait <= .milliseconds(step))
        }
        backOff.reset()
        #expect(backOff.next(using: &generator) <= .milliseconds(100))
    }

    @Test("two generators with the same numbers give the same waits, others give others")
    func jitter() {
        func waits(_ seed: UInt64) -> [Duration] {
            var backOff = BackOff()
            var generator = Counting(state: seed)
            return (0..<8).map { _ in backOff.next(using: &generator) }
        }
        #expect(waits(1) == waits(1))
        #expect(waits(1) != waits(2))
    }

    @Test("it stays at the maximum for ever")
    func bounded() {
        var backOff = BackOff()
        for _ in 0..<10_000 { #expect(backOff.next() <= .seconds(10)) }
    }
}

/// SplitMix64.
private struct Counting: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}
