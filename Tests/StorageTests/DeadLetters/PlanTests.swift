import AMQP
import CareRecord
import Replication
import TestSupport
import Testing

@testable import Storage

private let barts = Letters.barts
private let kingston = Letters.kingston

@Suite("Replay plans") struct PlanTests {
    private let order = ReplayOrder(
        target: .subscriber, by: "Ann", reason: "repaired", canary: 2, ratePerSecond: 0.5, stopOnFailures: 3)

    private func planned(_ count: Int64) async throws -> (Kept, plan: Int64) {
        let kept = try Kept()
        try await kept.store.park((1...count).reversed().map { Letters.change($0) }, now: at(1))
        let rows = try await kept.store.candidates(LetterFilter(), after: 0, limit: 1000, now: at(1))
        let letters = rows.map { ForeseenLetter($0, $0.due.id == 1 ? .superseded(by: 99) : .applied) }
            .sorted(by: ForeseenLetter.isInSourceOrder)
        return (kept, try await kept.store.makePlan(letters, selection: "all", by: "Ben", now: at(2)))
    }

    private func edit(_ id: Int64, in kept: Kept) async throws {
        let letter = try #require(try await kept.store.letter(id))
        var message = letter.message
        message.body = [9]
        let isStored = try await kept.store.edit(
            letter, to: message, letter.row.subject, routingKey: "k", source: nil, rejection: letter.row.rejection,
            LetterEvent(at: at(3), by: "Eve", act: "edited", detail: ""))
        #expect(isStored)
    }

    @Test("a plan holds its letters in source order, with what was foreseen and a hash") func made() async throws {
        let (kept, id) = try await planned(3)
        let plan = try #require(try await kept.store.plan(id))
        #expect(plan.state == .planned && plan.count == 3 && plan.notAttempted == 3 && plan.order == nil)
        #expect(plan.foreseen.applied == 2 && plan.foreseen.superseded == 1)
        #expect(plan.hash.count == 64 && plan.name == "1-\(plan.hash.prefix(8))")
        let letters = try await kept.store.plannedLetters(of: id, after: 0, limit: 9)
        #expect(letters.map(\.seq) == [1, 2, 3] && letters.map(\.position) == [1, 2, 3])
        #expect(letters.map(\.foreseen) == [.applied, .applied, .superseded(by: 99)])
        let again = try await kept.store.makePlan(
            try await kept.store.candidates(LetterFilter(), after: 0, limit: 9, now: at(1)).map {
                ForeseenLetter($0, .applied)
            }
            .sorted(by: ForeseenLetter.isInSourceOrder), selection: "all", by: "Ben", now: at(5))
        #expect(try await kept.store.plan(again)?.hash == plan.hash)
        try await edit(2, in: kept)
        let other = try await kept.store.makePlan(
            try await kept.store.candidates(LetterFilter(), after: 0, limit: 9, now: at(1)).map {
                ForeseenLetter($0, .applied)
            }
            .sorted(by: ForeseenLetter.isInSourceOrder), selection: "all", by: "Ben", now: at(5))
        #expect(try await kept.store.plan(other)?.hash != plan.hash)
    }

    @Test("a plan starts once, whoever asks, and no other beside it") func started() async throws {
        let (kept, id) = try await planned(3)
        let outcomes = try await withThrowingTaskGroup(of: PlanStart.self) { group in
            for _ in 1...4 { group.addTask { try await kept.store.start(id, order, now: at(3)) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .started } == 1)
        #expect(outcomes.count { $0 == .not(.running) } == 3)
        let plan = try #require(try await kept.store.plan(id))
        #expect(plan.order == order && plan.startedAt == at(3))
        let rows = try await kept.store.candidates(LetterFilter(), after: 0, limit: 9, now: at(1))
        let other = try await kept.store.makePlan(
            rows.map { ForeseenLetter($0, .applied) }, selection: "all", by: "Ben", now: at(5))
        #expect(try await kept.store.start(other, order, now: at(6)) == .busy(plan: id))
        #expect(try await kept.store.runningPlan()?.id == id)
    }

    @Test("a plan whose letters changed, ended or were discarded since is refused", arguments: [1, 2, 3])
    func changed(how: Int) async throws {
        let (kept, id) = try await planned(3)
        var filter = LetterFilter()
        filter.ids = [2]
        switch how {
        case 1: try await edit(2, in: kept)
        case 2:
            _ = try await kept.store.discard(
                filter, expecting: 1, LetterEvent(at: at(3), by: "Eve", act: "discarded", detail: ""))
        default:
            let notes = try await kept.store.parked().filter { $0.id == 2 }
            _ = try await kept.store.resolve(notes, .superseded, "", now: at(3))
        }
        #expect(try await kept.store.start(id, order, now: at(4)) == .changed(1))
        #expect(try await kept.store.plan(id)?.state == .planned)
    }

    @Test("what was settled is settled once, ends its letter, and survives a restart") func settled() async throws {
        let (kept, id) = try await planned(4)
        _ = try await kept.store.start(id, order, now: at(3))
        let due = try await kept.store.dueLetters(of: id, after: 0, limit: 9)
        #expect(due.map(\.subject.seq) == [1, 2, 3, 4] && due.allSatisfy(\.isUnchanged))
        let results: [LetterVerdict] = [
            .applied, .duplicate, .superseded(by: 12), .failed(Rejection(.schema, "no seq")),
        ]
        let letters = zip(due, results).map { SettledLetter(letter: $0.id, verdict: $1) }
        let first = try await kept.store.settle(Array(letters[..<3]), of: id, now: at(4))
        #expect(first.settled.count == 3 && first.ended.count == 3)
        let again = try kept.reopened()
        let second = try await again.settle(letters, of: id, now: at(5))
        #expect(second.settled.map(\.letter) == [letters[3].letter] && second.ended.isEmpty)
        #expect(try await again.dueLetters(of: id, after: 0, limit: 9).isEmpty)
        let plan = try #require(try await again.plan(id))
        #expect(plan.results.applied == 1 && plan.results.failed == 1 && plan.notAttempted == 0)
        #expect(try await again.plannedLetters(of: id, after: 0, limit: 9).map(\.result) == results)
        let failed = try #require(try await again.letter(letters[3].letter))
        #expect(failed.row.state == .parked && failed.row.cause == .schema && failed.row.detail == "no seq")
        #expect(try await again.letter(letters[2].letter)?.row.resolution == .superseded)
        #expect(try await again.history(letters[0].letter).map(\.act) == ["replayed"])
    }

    @Test("a plan moves only from the states that allow it") func moved() async throws {
        let (kept, id) = try await planned(1)
        #expect(try await kept.store.resume(id) == .not(.planned))
        _ = try await kept.store.start(id, order, now: at(3))
        #expect(try await kept.store.move(id, from: [.running], to: .paused, reason: "tea", now: at(4)))
        #expect(try await !kept.store.move(id, from: [.running], to: .finished, reason: nil, now: at(4)))
        #expect(try await kept.store.plan(id)?.endReason == "tea")
        #expect(try await kept.store.resume(id) == .started)
        #expect(try await kept.store.plan(id)?.endReason == nil)
        #expect(try await kept.store.plans(limit: 9).map(\.state) == [.running])
        #expect(try await kept.store.start(77, order, now: at(3)) == .not(.cancelled))
    }

    @Test("only letters of a plan that was started and has no result are believed") func unsettled() async throws {
        let (kept, id) = try await planned(2)
        #expect(try await kept.store.unsettled([1, 2], of: id).isEmpty)
        _ = try await kept.store.start(id, order, now: at(3))
        _ = try await kept.store.settle([SettledLetter(letter: 1, verdict: .applied)], of: id, now: at(4))
        #expect(try await kept.store.unsettled([1, 2, 3], of: id).keys.sorted() == [2])
        #expect(try await kept.store.unsettled([1, 2], of: id + 1).isEmpty)
    }
}

extension LetterRow {
    fileprivate var rejection: Rejection { Rejection(cause, detail) }
}
