import CareRecord
import TestSupport
import Testing

@testable import Replication

@Suite("Circuit breakers") struct CircuitBreakerTests {
    private static let settings: CircuitBreaker.Settings = {
        var settings = CircuitBreaker.Settings()
        settings.failuresMax = 3
        settings.slowMax = 2
        settings.recentMax = 4
        settings.slowAfterMilliseconds = 100
        settings.openMilliseconds = 1000
        settings.openMillisecondsMax = 3000
        return settings
    }()

    private var breaker = CircuitBreaker(settings: settings)

    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    private mutating func open(at milliseconds: Int64 = 0) {
        for _ in 0..<3 {
            let isAdmitted = breaker.admits()
            #expect(isAdmitted)
            breaker.record(.failed(because: .peer), at: at(milliseconds))
        }
        #expect(breaker.state == .open(since: at(milliseconds)))
    }

    @Test("promise P5: failures in a row open it, and then nobody is let through") mutating func failures() {
        breaker.record(.failed(because: .peer), at: at(0))
        breaker.record(.failed(because: .peer), at: at(0))
        breaker.record(.answered(milliseconds: 5), at: at(0))
        #expect(breaker.state == .closed)
        open(at: 7)
        let isAdmitted = breaker.admits()
        #expect(!isAdmitted)
    }

    @Test("promise P5: slow answers among the last ones open it, quick ones make them forgotten")
    mutating func slowness() {
        breaker.record(.answered(milliseconds: 101), at: at(0))
        for _ in 0..<4 { breaker.record(.answered(milliseconds: 100), at: at(0)) }
        breaker.record(.answered(milliseconds: 500), at: at(1))
        #expect(breaker.state == .closed)
        breaker.record(.answered(milliseconds: 500), at: at(2))
        #expect(breaker.state == .open(since: at(2)))
    }

    @Test("what says nothing about the peer counts for nothing") mutating func abandoned() {
        for _ in 0..<50 { breaker.record(.abandoned, at: at(0)) }
        #expect(breaker.state == .closed)
    }

    @Test(
        "a probe is due after the wait, one at a time; its success lets one question through, whose success closes it")
    mutating func recovery() {
        open()
        var isDue = breaker.takeProbe(at: at(999))
        #expect(!isDue)
        isDue = breaker.takeProbe(at: at(1000))
        #expect(isDue)
        isDue = breaker.takeProbe(at: at(9000))
        #expect(!isDue)
        breaker.probed(.answered(milliseconds: 3), at: at(1003))
        #expect(breaker.state == .halfOpen(since: at(0)))
        let admissions = [breaker.admits(), breaker.admits()]
        #expect(admissions == [true, false])
        breaker.record(.answered(milliseconds: 3), at: at(1010))
        #expect(breaker.state == .closed)
        // It takes as many failures as at first to open it again.
        open(at: 1020)
    }

    @Test("probes and trials that fail or are slow double the wait, up to a bound", arguments: [true, false])
    mutating func doubling(isTrial: Bool) {
        open()
        var now: Int64 = 0
        for wait: Int64 in [1000, 2000, 3000, 3000] {
            let isEarly = breaker.takeProbe(at: at(now + wait - 1))
            let isDue = breaker.takeProbe(at: at(now + wait))
            #expect(!isEarly && isDue)
            now += wait
            if isTrial {
                breaker.probed(.answered(milliseconds: 1), at: at(now))
                let isAdmitted = breaker.admits()
                #expect(isAdmitted)
                breaker.record(.answered(milliseconds: 101), at: at(now))
            } else {
                breaker.probed(wait == 1000 ? .answered(milliseconds: 101) : .failed(because: .peer), at: at(now))
            }
            #expect(breaker.state == .open(since: at(0)))
        }
    }

    @Test("it says who is to blame, and is probed at once when the broker is there again") mutating func broker() {
        open()
        #expect(breaker.cause == .peer)
        _ = breaker.takeProbe(at: at(1000))
        breaker.probed(.failed(because: .broker), at: at(1000))
        breaker.hasten(at: at(1100))
        let isDue = breaker.takeProbe(at: at(1100))
        #expect(isDue)
        breaker = CircuitBreaker(settings: Self.settings)
        for _ in 0..<3 { breaker.record(.failed(because: .broker), at: at(0)) }
        #expect(breaker.cause == .broker && breaker.state == .open(since: at(0)))
    }

    @Test("a trial that was given up leaves room for another") mutating func abandonedTrial() {
        open()
        _ = breaker.takeProbe(at: at(1000))
        breaker.probed(.answered(milliseconds: 1), at: at(1000))
        _ = breaker.admits()
        breaker.record(.abandoned, at: at(1001))
        let isAdmitted = breaker.admits()
        #expect(isAdmitted)
    }

    @Test("what was asked before it opened changes nothing when it ends") mutating func lateOutcomes() {
        open()
        breaker.record(.answered(milliseconds: 1), at: at(1))
        breaker.record(.failed(because: .peer), at: at(1))
        #expect(breaker.state == .open(since: at(0)))
        let isDue = breaker.takeProbe(at: at(1000))
        #expect(isDue)
    }

    @Test("a clock that is set back by a year keeps it open for no longer than the wait") mutating func clock() {
        open(at: 40_000_000_000)
        let isDue = breaker.takeProbe(at: at(8_000_000_000))
        #expect(isDue)
    }

    @Test("any order of events: never more than one trial and one probe at a time, and always a way back to closed")
    mutating func random() {
        var random = SplitMix64(seed: 5)
        var now: Int64 = 0
        var isTrying = false
        var isProbing = false
        let outcomes: [CircuitBreaker.Outcome] = [
            .failed(because: .peer), .abandoned, .answered(milliseconds: 1), .answered(milliseconds: 900),
        ]
        for _ in 0..<20_000 {
            now += Int64(random.below(400))
            let before = breaker.state
            switch random.below(4) {
            case 0:
                let isAdmitted = breaker.admits()
                switch before {
                case .closed: #expect(isAdmitted)
                case .open: #expect(!isAdmitted)
                case .halfOpen:
                    #expect(isAdmitted != isTrying)
                    isTrying = true
                }
            case 1:
                if case .halfOpen = before, !isTrying { continue }
                breaker.record(random.pick(outcomes), at: at(now))
                if case .halfOpen = before { isTrying = false }
            case 2:
                if breaker.takeProbe(at: at(now)) {
                    #expect(!isProbing)
                    isProbing = true
                }
            default:
                guard isProbing else { continue }
                breaker.probed(random.pick(outcomes), at: at(now))
                isProbing = false
            }
        }
        for step in 0..<10 where breaker.state != .closed {
            if isProbing || breaker.takeProbe(at: at(now + 10_000 * Int64(step + 1))) {
                breaker.probed(.answered(milliseconds: 1), at: at(now))
            }
            isProbing = false
            _ = breaker.admits()
            breaker.record(.answered(milliseconds: 1), at: at(now))
        }
        #expect(breaker.state == .closed)
    }
}
