import AMQP
import CareRecord
import Foundation
import Replication
import Storage
import TestSupport
import Testing
import Worker

@Suite("Replays", .fewAtOnce) struct ReplayTests {
    private static let count: Int64 = 1500

    private func order(_ target: ReplayOrder.Target = .subscriber) -> ReplayOrder {
        ReplayOrder(target: target, by: "Ann", reason: "the broker was full")
    }

    /// Whether Kingston's index holds every parked change of Homerton once.
    private func isWhole(_ mesh: Mesh) async throws -> Bool {
        let count = try await mesh.sqlite(
            Mesh.kingston, "index.sqlite",
            "SELECT count(*) || ' ' || count(DISTINCT seq) || ' ' || max(seq) FROM entry JOIN source ON source.id = source "
                + "WHERE hie = 'homerton'")
        return count == "\(Self.count) \(Self.count) \(Self.count)\n"
    }

    @Test(
        "letters travel through the broker they came from, and each has its effect once",
        arguments: [ReplayOrder.Target.subscriber, .local])
    func whole(target: ReplayOrder.Target) async throws {
        let mesh = try await Mesh()
        try await mesh.park(Self.count, of: Mesh.homerton, at: Mesh.kingston)
        try await mesh.run(Mesh.kingston) { workers in
            #expect(workers[0].coverage().first { $0.hie == Mesh.homerton }?.held == Int(Self.count - 1))
            let plan = try await workers[0].replayAll(order(target))
            #expect(plan.state == .finished)
            #expect(plan.foreseen.applied == Int(Self.count - 1) && plan.results == plan.foreseen)
            #expect(try await isWhole(mesh))
            #expect(try await workers[0].parked().isEmpty)
            #expect(workers[0].coverage().first { $0.hie == Mesh.homerton }?.held == 0)
            let letters = try await workers[0].letters.letters(of: plan.id, after: 0, limit: 1000)
            #expect(letters.prefix(3).map(\.seq) == [2, 3, 4] && letters.allSatisfy { $0.result == .applied })
        }
    }

    @Test("promise P2: a replay that a stop cuts short goes on after the start, without loss or double effect")
    func restarted() async throws {
        let mesh = try await Mesh()
        try await mesh.park(Self.count, of: Mesh.homerton, at: Mesh.kingston)
        let name = try await mesh.run(Mesh.kingston) { workers in
            let plan = try await workers[0].letters.makePlan(LetterFilter(), selection: "all", by: "Ann")
            var order = order()
            order.ratePerSecond = 1500
            _ = try await workers[0].letters.replay(plan.name, order)
            #expect(try await eventually { try await workers[0].letters.plan(plan.name).plan.results.total > 50 })
            return plan.name
        }
        try await mesh.run(Mesh.kingston) { workers in
            let plan = try await workers[0].ended(name)
            #expect(plan.state == .finished && plan.results.applied == Int(Self.count - 1))
            #expect(try await isWhole(mesh))
        }
    }

    @Test("a plan is paused, resumed and cancelled, and what was not attempted stays parked") func paused() async throws
    {
        let mesh = try await Mesh()
        try await mesh.park(Self.count, of: Mesh.homerton, at: Mesh.kingston)
        try await mesh.run(Mesh.kingston) { workers in
            let desk = workers[0].letters
            let plan = try await desk.makePlan(LetterFilter(), selection: "all", by: "Ann")
            var order = order()
            order.ratePerSecond = 100
            _ = try await desk.replay(plan.name, order)
            #expect(try await eventually { try await desk.plan(plan.name).plan.results.total > 3 })
            #expect(try await desk.pause(plan.name, by: "Ben").plan.state == .paused)
            let refusal = await #expect(throws: DeadLetterRefusal.self) { try await desk.replay(plan.name, order) }
            #expect(refusal?.code == .conflict)
            #expect(try await desk.resume(plan.name, by: "Ben").plan.state == .running)
            let before = try await desk.plan(plan.name).plan.results.total
            #expect(try await eventually { try await desk.plan(plan.name).plan.results.total > before + 3 })
            #expect(try await desk.cancel(plan.name, by: "Ben", reason: "enough").plan.state == .cancelled)
            let isQuiet = try await eventually {
                let plan = try await desk.plan(plan.name).plan
                return try await workers[0].letters.summary(LetterFilter()).total == plan.notAttempted
            }
            #expect(isQuiet)
            #expect(try await desk.plan(plan.name).plan.endReason == "cancelled by Ben: enough")
        }
    }

    @Test("of two operators who replay the same plan one is told that it runs already") func twoOperators() async throws
    {
        let mesh = try await Mesh()
        try await mesh.park(50, of: Mesh.homerton, at: Mesh.kingston)
        try await mesh.run(Mesh.kingston) { workers in
            let desk = workers[0].letters
            let plan = try await desk.makePlan(LetterFilter(), selection: "all", by: "Ann")
            let refusals = await withTaskGroup(of: DeadLetterRefusal?.self) { group in
                for operatorName in ["Ann", "Ben", "Cat"] {
                    group.addTask {
                        var order = self.order()
                        order.by = operatorName
                        do {
                            _ = try await desk.replay(plan.name, order)
                            return nil
                        } catch {
                            return error as? DeadLetterRefusal
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(refusals.count { $0 == nil } == 1)
            #expect(refusals.compactMap(\.self).allSatisfy { $0.code == .conflict })
            #expect(try await workers[0].ended(plan.name).results.applied == 49)
        }
    }

    @Test("a replay that nobody planned changes nothing, whatever it claims to be") func forged() async throws {
        let mesh = try await Mesh()
        try await mesh.park(3, of: Mesh.homerton, at: Mesh.kingston)
        try await mesh.run(Mesh.kingston) { workers in
            let desk = workers[0].letters
            let plan = try await desk.makePlan(LetterFilter(), selection: "all", by: "Ann")
            let letter = try await desk.view(1).letter
            for (planID, letterID) in [(plan.id, letter.row.id), (plan.id + 7, letter.row.id), (plan.id, 99)] {
                let mark = ReplayMark(seat: Seat(Mesh.kingston), plan: planID, letter: letterID)
                try await mesh.withSession { session in
                    _ = try await session.publishConfirmed(
                        letter.message.marked(mark, letter.row.subject), exchange: BrokerNames.replaysExchange,
                        routingKey: BrokerNames.replayKey(Seat(Mesh.kingston)))
                }
            }
            #expect(await eventually { workers[0].counters.now.replaysUnknown == 3 })
            #expect(try await workers[0].parked().count == 2)
            #expect(workers[0].counters.now.changesApplied[Mesh.homerton] == nil)
        }
    }

    @Test("to everybody: other subscribers hear it too, once") func everybody() async throws {
        let mesh = try await Mesh()
        try await mesh.park(4, of: Mesh.homerton, at: Mesh.kingston)
        try await mesh.run(Mesh.kingston, Mesh.barts) { workers in
            let plan = try await workers[0].replayAll(order(.everybody))
            #expect(plan.state == .finished && plan.results.applied == 3)
            #expect(await eventually { workers[1].counters.now.changesApplied[Mesh.homerton] == 4 })
        }
    }

    @Test("a broker without the exchange for replays pauses the plan and says what to run") func undeclared()
        async throws
    {
        let mesh = try await Mesh()
        try await mesh.park(4, of: Mesh.homerton, at: Mesh.kingston)
        try await mesh.withSession { try await $0.deleteExchange(BrokerNames.replaysExchange) }
        try await mesh.run(Mesh.kingston) { workers in
            let plan = try await workers[0].replayAll(order())
            #expect(plan.state == .paused && plan.notAttempted == 3)
            #expect(plan.endReason?.contains("wherry topology apply") == true)
            try await mesh.declare()
            _ = try await workers[0].letters.resume(plan.name, by: "Ann")
            #expect(try await workers[0].ended(plan.name).results.applied == 3)
        }
    }

    @Test("an export is whole: taken in elsewhere it is the same letters, and again it is known") func exported()
        async throws
    {
        let mesh = try await Mesh()
        try await mesh.park(40, of: Mesh.homerton, at: Mesh.kingston)
        try await mesh.run(Mesh.kingston, Mesh.barts) { workers in
            var lines: [UInt8] = []
            var last: Int64 = 0
            while let page = try await workers[0].letters.export(LetterFilter(), after: last, limit: 7) {
                lines += page.lines
                last = page.last
            }
            let first = try await workers[1].letters.importLines(lines + Array("{}\n".utf8), by: "Ann")
            #expect(first.imported == 39 && first.known == 0 && first.refusedCount == 1)
            #expect(first.refused.map(\.line) == [40])
            let second = try await workers[1].letters.importLines(lines, by: "Ann")
            #expect(second.imported == 0 && second.known == 39)
            let (here, there) = (try await workers[0].letters.view(5), try await workers[1].letters.view(5))
            #expect(here.letter.message == there.letter.message && here.letter.identity == there.letter.identity)
            #expect(there.history.map(\.act) == ["parked", "imported"])
        }
    }
}
