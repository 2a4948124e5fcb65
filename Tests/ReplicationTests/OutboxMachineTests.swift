import Testing

@testable import Replication

@Suite("Outbox machine") struct OutboxMachineTests {
    private func machine(publishedThrough: Int64 = 0) -> OutboxMachine {
        var limits = OutboxMachine.Limits()
        limits.inFlightMax = 4
        limits.eagerInFlightMax = 2
        return OutboxMachine(publishedThrough: publishedThrough, limits: limits)
    }

    @Test("idle it sends anything, busy only full batches, with a full window nothing") func demand() {
        var machine = machine()
        var demands: [OutboxMachine.Demand] = []
        for number in UInt64(1)...4 {
            demands.append(machine.demand)
            _ = machine.sent(number: number, through: Int64(number) * 10)
        }
        demands.append(machine.demand)
        #expect(demands == [.anything, .anything, .fullBatch, .fullBatch, .nothing])
    }

    @Test("promise P1: published-through moves only over an unbroken run of confirms") func unbroken() {
        var machine = machine(publishedThrough: 100)
        for (number, through) in [(1, 110), (2, 120), (3, 130)] {
            #expect(machine.sent(number: UInt64(number), through: Int64(through)) == .unchanged)
        }
        #expect(machine.confirmed(3) == .unchanged)
        #expect(machine.confirmed(2) == .unchanged)
        #expect(machine.publishedThrough == 100)
        #expect(machine.confirmed(1) == .publishedThrough(130))
        #expect(machine.inFlightCount == 0)
    }

    @Test("every order of confirms ends at the same place and never runs ahead of a missing one") func everyOrder() {
        for order in [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] as [[UInt64]] {
            var machine = machine()
            for number in UInt64(1)...3 { _ = machine.sent(number: number, through: Int64(number)) }
            var confirmed: Set<UInt64> = []
            for number in order {
                _ = machine.confirmed(number)
                confirmed.insert(number)
                let run = (1...3).prefix { confirmed.contains(UInt64($0)) }.count
                #expect(machine.publishedThrough == Int64(run))
            }
        }
    }

    @Test("a confirm that overtakes the report of its sending counts") func early() {
        var machine = machine()
        #expect(machine.confirmed(1) == .unchanged)
        #expect(machine.sent(number: 1, through: 7) == .publishedThrough(7))
    }

    @Test("a refused message is news, a number that is nobody's is not") func refused() {
        var machine = machine()
        _ = machine.sent(number: 1, through: 7)
        #expect(machine.refused(9) == .unchanged)
        #expect(machine.refused(1) == .refused)
        #expect(machine.publishedThrough == 0)
    }

    @Test("promise P1: a refusal that overtakes the report of its sending counts") func earlyRefusal() {
        var machine = machine()
        #expect(machine.refused(1) == .unchanged)
        #expect(machine.sent(number: 1, through: 7) == .refused)
        #expect(machine.publishedThrough == 0)
    }

    @Test("confirms of strangers are remembered within a bound") func strangers() {
        var machine = machine()
        for number in UInt64(100)...10_000 { #expect(machine.confirmed(number) == .unchanged) }
        #expect(machine.sent(number: 10_000, through: 1) == .unchanged)
    }
}
