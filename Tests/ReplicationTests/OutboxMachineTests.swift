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
            _ = machine.sent(number: number, through: Int64(number) * 10, bytes: 1)
        }
        demands.append(machine.demand)
        #expect(demands == [.anything, .anything, .fullBatch, .fullBatch, .nothing])
    }

    @Test("so many bytes on their way fill the window as well as so many messages, until their confirm") func bytes() {
        var limits = OutboxMachine.Limits()
        limits.inFlightMax = 100
        limits.batchBytesMax = 1000
        limits.inFlightBytesMax = 5000
        var machine = OutboxMachine(publishedThrough: 0, limits: limits)
        #expect(machine.room == 5)
        for number in UInt64(1)...3 { _ = machine.sent(number: number, through: Int64(number), bytes: 900) }
        #expect(machine.room == 2 && machine.demand == .fullBatch)
        for number in UInt64(4)...6 { _ = machine.sent(number: number, through: Int64(number), bytes: 900) }
        #expect(machine.demand == .nothing)
        _ = machine.confirmed(1)
        #expect(machine.demand == .fullBatch && machine.room == 1)
    }

    @Test("of pages that were read together the full ones are due, and the rest where little is on its way")
    func due() throws {
        var machine = machine()
        let epoch = try #require(Epoch("1-a"))
        func page(_ through: Int64, isFull: Bool) -> JournalPage {
            JournalPage(
                epoch: epoch, after: through - 1, through: through, head: 9, changeCount: 1, body: [], isFull: isFull)
        }
        #expect(machine.due([]) == 0)
        #expect(machine.due([page(1, isFull: false)]) == 1)
        #expect(machine.due([page(1, isFull: true), page(2, isFull: false)]) == 2)
        #expect(machine.due([page(1, isFull: true), page(2, isFull: true), page(3, isFull: false)]) == 2)
        _ = machine.sent(number: 1, through: 1, bytes: 1)
        #expect(machine.due([page(2, isFull: false)]) == 1)
        _ = machine.sent(number: 2, through: 2, bytes: 1)
        #expect(machine.due([page(3, isFull: false)]) == 0)
        #expect(machine.due([page(3, isFull: true)]) == 1)
    }

    @Test("promise P1: published-through moves only over an unbroken run of confirms") func unbroken() {
        var machine = machine(publishedThrough: 100)
        for (number, through) in [(1, 110), (2, 120), (3, 130)] {
            #expect(machine.sent(number: UInt64(number), through: Int64(through), bytes: 1) == .unchanged)
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
            for number in UInt64(1)...3 { _ = machine.sent(number: number, through: Int64(number), bytes: 1) }
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
        #expect(machine.sent(number: 1, through: 7, bytes: 1) == .publishedThrough(7))
    }

    @Test("a refused message is news, a number that is nobody's is not") func refused() {
        var machine = machine()
        _ = machine.sent(number: 1, through: 7, bytes: 1)
        #expect(machine.refused(9) == .unchanged)
        #expect(machine.refused(1) == .refused)
        #expect(machine.publishedThrough == 0)
    }

    @Test("promise P1: a refusal that overtakes the report of its sending counts") func earlyRefusal() {
        var machine = machine()
        #expect(machine.refused(1) == .unchanged)
        #expect(machine.sent(number: 1, through: 7, bytes: 1) == .refused)
        #expect(machine.publishedThrough == 0)
    }

    @Test("confirms of strangers are remembered within a bound") func strangers() {
        var machine = machine()
        for number in UInt64(100)...10_000 { #expect(machine.confirmed(number) == .unchanged) }
        #expect(machine.sent(number: 10_000, through: 1, bytes: 1) == .unchanged)
    }
}
