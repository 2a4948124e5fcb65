import Testing

@testable import AMQP

@Suite("settlement tracker")
struct SettlementTrackerTests {
    private func tracker(_ count: Int) -> SettlementTracker {
        var tracker = SettlementTracker()
        for number in 1...UInt64(count) { #expect(tracker.publish(.stream, likeness: nil) == number) }
        return tracker
    }

    private func likeness(_ key: String, id: String? = nil) -> SettlementTracker.Likeness {
        SettlementTracker.Likeness(exchange: "x", routingKey: key, messageID: id, correlationID: nil, bodySize: 1)
    }

    @Test("a multiple settlement means every open number up to it, in order")
    func multiple() {
        var tracker = tracker(6)
        _ = tracker.settle(2, isMultiple: false, isRefused: true)
        _ = tracker.settle(4, isMultiple: true, isRefused: false)
        let collected = tracker.takeCollected()
        #expect(collected.map(\.number) == [2, 1, 3, 4])
        #expect(collected.map(\.outcome) == [.refused, .confirmed, .confirmed, .confirmed])
        #expect(tracker.outstanding == 2)
        _ = tracker.settle(0, isMultiple: true, isRefused: false)
        #expect(tracker.takeCollected().map(\.number) == [5, 6])
        #expect(tracker.outstanding == 0)
    }

    @Test("numbers that are settled already, or were never published, count for nothing")
    func unknown() {
        var tracker = tracker(2)
        for number in [UInt64(3), 99, .max, 0] {
            #expect(tracker.settle(number, isMultiple: false, isRefused: false).isEmpty)
            if number != 0 { #expect(tracker.settle(number, isMultiple: true, isRefused: false).isEmpty) }
        }
        #expect(tracker.outstanding == 2)
        for _ in 0..<3 { _ = tracker.settle(2, isMultiple: true, isRefused: false) }
        for _ in 0..<3 { _ = tracker.settle(1, isMultiple: false, isRefused: true) }
        #expect(tracker.takeCollected().map(\.number) == [1, 2])
        #expect(tracker.outstanding == 0)
    }

    @Test("a return belongs to the first open mandatory message that looks like it")
    func returned() {
        var tracker = SettlementTracker()
        let first = tracker.publish(.stream, likeness: likeness("a", id: "1"))
        let second = tracker.publish(.stream, likeness: likeness("a", id: "2"))
        let third = tracker.publish(.stream, likeness: nil)
        let fourth = tracker.publish(.stream, likeness: likeness("b"))
        let fifth = tracker.publish(.stream, likeness: likeness("b"))
        tracker.markReturned(likeness("a", id: "2"), replyCode: 312, reason: "NO_ROUTE")
        tracker.markReturned(likeness("b"), replyCode: 312, reason: "NO_ROUTE")
        tracker.markReturned(likeness("c"), replyCode: 312, reason: "NO_ROUTE")
        _ = tracker.settle(5, isMultiple: true, isRefused: false)
        let returned = Settlement.Outcome.returned(replyCode: 312, reason: "NO_ROUTE")
        #expect(
            tracker.takeCollected() == [
                Settlement(number: first, outcome: .confirmed), Settlement(number: second, outcome: returned),
                Settlement(number: third, outcome: .confirmed), Settlement(number: fourth, outcome: returned),
                Settlement(number: fifth, outcome: .confirmed),
            ])
    }

    @Test("what a caller waits for goes to the caller, what is withdrawn to nobody")
    func routes() {
        var tracker = SettlementTracker()
        for route in [SettlementTracker.Route.caller, .stream, .stream, .caller] {
            _ = tracker.publish(route, likeness: nil)
        }
        _ = tracker.settle(2, isMultiple: false, isRefused: false)
        tracker.withdraw(2..<5)
        let awaited = tracker.settle(4, isMultiple: true, isRefused: false)
        #expect(awaited == [Settlement(number: 1, outcome: .confirmed)])
        #expect(tracker.takeCollected().isEmpty)
        #expect(tracker.outstanding == 0)
    }

    @Test("over any order of single and multiple settlements each number is settled exactly once")
    func exhaustive() {
        // Every sequence of up to 4 settlements of 1...4, single or multiple, then one of everything.
        let steps = (1...4).flatMap { [(UInt64($0), false), (UInt64($0), true)] }
        for first in steps {
            for second in steps {
                for third in steps {
                    for fourth in steps {
                        var tracker = tracker(4)
                        for (number, isMultiple) in [first, second, third, fourth, (0, true)] {
                            _ = tracker.settle(number, isMultiple: isMultiple, isRefused: false)
                        }
                        let numbers = tracker.takeCollected().map(\.number).sorted()
                        if numbers != [1, 2, 3, 4] || tracker.outstanding != 0 {
                            Issue.record("settled \(numbers) after \([first, second, third, fourth])")
                        }
                    }
                }
            }
        }
    }

    @Test("a long run keeps its count while numbers are settled far out of order")
    func longRun() {
        var tracker = SettlementTracker()
        var seen: Set<UInt64> = []
        for round in 0..<50 {
            for _ in 0..<100 { _ = tracker.publish(.stream, likeness: nil) }
            let base = UInt64(round * 100)
            for offset in stride(from: UInt64(100), through: 2, by: -2) {
                _ = tracker.settle(base + offset, isMultiple: false, isRefused: false)
            }
            if round % 20 == 19 { _ = tracker.settle(base + 100, isMultiple: true, isRefused: false) }
            for settlement in tracker.takeCollected() { #expect(seen.insert(settlement.number).inserted) }
        }
        _ = tracker.settle(0, isMultiple: true, isRefused: false)
        for settlement in tracker.takeCollected() { #expect(seen.insert(settlement.number).inserted) }
        #expect(seen.count == 5_000)
        #expect(tracker.outstanding == 0)
    }
}
