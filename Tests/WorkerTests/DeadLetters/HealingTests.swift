import AMQP
import CareRecord
import Foundation
import Replication
import Storage
import TestSupport
import Testing
import Worker

@Suite("Dead letters that are healed", .fewAtOnce) struct HealingTests {
    private let one = FHIRFixture.number(1)
    private let order = ReplayOrder(target: .subscriber, by: "Ann", reason: "repaired", canary: 1)

    /// Barts has a patient and two conditions; at Kingston the line of `bad` arrives with a wrong check digit.
    private func damaged(
        _ body: @Sendable (Mesh, _ barts: Worker, _ kingston: Worker) async throws -> Void
    ) async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts) { barts in
            _ = try await barts[0].submit([
                FHIRFixture.patient("p", number: one), FHIRFixture.condition("bad", of: "p"),
                FHIRFixture.condition("good", of: "p"),
            ])
            #expect(try await eventually { try await barts[0].ownRecords.journalState().publishedThrough == 3 })
            try await mesh.damage(barts[0], for: Mesh.kingston) { text in
                text.split(separator: "\n").map { line in
                    line.contains("Condition/bad")
                        ? line.replacingOccurrences(of: one.text, with: "9990000019") : "\(line)"
                }.joined(separator: "\n") + "\n"
            }
            try await mesh.run(Mesh.kingston) { kingston in
                #expect(await eventually { kingston[0].state(of: Mesh.barts) == .held(deadLetters: 1) })
                try await body(mesh, barts[0], kingston[0])
            }
        }
    }

    @Test(
        "promise P6: one bad change parks that change, and it is healed by an edit and a replay",
        arguments: [
            ReplayOrder.Target.subscriber, .local,
        ]) func healed(target: ReplayOrder.Target) async throws
    {
        try await damaged { _, _, kingston in
            #expect(try await kingston.entries(of: one) == ["barts Patient/p 1", "barts Condition/good 3"])
            let letter = try #require(try await kingston.parked().first)
            #expect(letter.cause == .nhsNumberInvalid && letter.subject.form == .change && letter.subject.seq == 2)
            #expect(letter.subject.resource?.reference == "Condition/bad")
            let before = try await kingston.letters.view(letter.id)
            guard case .failed(let rejection) = before.foreseen else { return #expect(Bool(false), "foreseen as good") }
            #expect(rejection.cause == .nhsNumberInvalid)
            var edit = LetterEdit()
            edit.body = Array(
                String(decoding: before.letter.message.body, as: UTF8.self)
                    .replacingOccurrences(of: "9990000019", with: one.text).utf8)
            let edited = try await kingston.letters.edit(letter.id, edit, by: "Ann", reason: "check digit")
            #expect(edited.foreseen == .applied)
            #expect(
                edited.diff.contains("-patient: \"9990000019\"") && edited.diff.contains("+patient: \"\(one.text)\""))
            #expect(kingston.letters.held(of: one, source: Mesh.barts) == 1)
            var order = order
            order.target = target
            let plan = try await kingston.replayAll(order)
            #expect(plan.state == .finished && plan.results.applied == 1)
            #expect(try await kingston.entries(of: one).contains("barts Condition/bad 2"))
            #expect(await eventually { kingston.state(of: Mesh.barts) == .complete })
            #expect(kingston.letters.held(of: one, source: Mesh.barts) == 0)
            let after = try await kingston.letters.view(letter.id)
            #expect(after.letter.row.resolution == .applied && after.letter.original == before.letter.message)
            #expect(after.history.map(\.act) == ["parked", "edited", "replayed"])
            #expect(after.standing?.seq == 2)
            let accounts = try await kingston.letters.accounts()
            let account = try #require(accounts.first { $0.hie == Mesh.barts })
            #expect(account.published == 3 && account.applied == 3 && account.held == 0 && account.isReconciled)
        }
    }

    @Test("while a change is held the numbers add up, and so they do when it is discarded and restored")
    func accounts() async throws {
        try await damaged { _, _, kingston in
            func account() async throws -> SourceAccount? {
                try await kingston.letters.accounts().first { $0.hie == Mesh.barts }
            }
            let held = try #require(try await account())
            #expect(held.published == 3 && held.applied == 2 && held.held == 1 && held.behind == 0 && held.isReconciled)
            let refusal = await #expect(throws: DeadLetterRefusal.self) {
                try await kingston.letters.discard(LetterFilter(), expecting: 2, by: "Ann", reason: "noise")
            }
            #expect(refusal?.code == .count)
            _ = try await kingston.letters.discard(LetterFilter(), expecting: 1, by: "Ann", reason: "noise")
            let discarded = try #require(try await account())
            #expect(discarded.held == 0 && discarded.discarded == 1 && discarded.applied == 2)
            _ = try await kingston.letters.restore(
                {
                    var filter = LetterFilter(); filter.states = [.discarded]; return filter
                }(), expecting: 1, by: "Ann",
                reason: "it matters")
            #expect(await eventually { kingston.state(of: Mesh.barts) == .held(deadLetters: 1) })
        }
    }

    @Test("a later version of the same record resolves its letter by itself") func overtaken() async throws {
        try await damaged { _, barts, kingston in
            _ = try await barts.submit([FHIRFixture.condition("bad", of: "p", code: "44054006", display: "Diabetes")])
            #expect(try await eventually { try await kingston.parked().isEmpty })
            #expect(await eventually { kingston.state(of: Mesh.barts) == .complete })
            #expect(try await kingston.letters.view(1).letter.row.resolution == .superseded)
            #expect(try await kingston.entries(of: one).contains("barts Condition/bad 4"))
        }
    }

    @Test("promise P2: a letter whose record was withdrawn meanwhile never comes back") func withdrawn() async throws {
        try await damaged { _, barts, kingston in
            let view = try await kingston.letters.view(1)
            var edit = LetterEdit()
            edit.body = Array(
                String(decoding: view.letter.message.body, as: UTF8.self)
                    .replacingOccurrences(of: "9990000019", with: one.text).utf8)
            _ = try await kingston.letters.edit(1, edit, by: "Ann", reason: "check digit")
            let plan = try await kingston.letters.makePlan(LetterFilter(), selection: "all", by: "Ann")
            _ = try await barts.submit([FHIRFixture.delete("Condition/bad")])
            #expect(try await eventually { try await kingston.parked().isEmpty })
            let refusal = await #expect(throws: DeadLetterRefusal.self) {
                try await kingston.letters.replay(plan.name, order)
            }
            #expect(refusal?.code == .changed)
            #expect(try await kingston.entries(of: one) == ["barts Patient/p 1", "barts Condition/good 3"])
            #expect(try await kingston.letters.view(1).letter.row.resolution == .superseded)
        }
    }

    @Test("the numbers that the source has given cannot be edited") func numbers() async throws {
        try await damaged { _, _, kingston in
            let body = String(decoding: try await kingston.letters.view(1).letter.message.body, as: UTF8.self)
            var edits = [LetterEdit(), LetterEdit(), LetterEdit()]
            edits[0].body = Array(body.replacingOccurrences(of: #""seq":2"#, with: #""seq":9"#).utf8)
            edits[1].headers[HeaderName.epoch] = .string("2030-01-01T00:00:00.000Z-00000000")
            edits[2].headers[HeaderName.through] = .int(99)
            for edit in edits {
                let refusal = await #expect(throws: DeadLetterRefusal.self) {
                    try await kingston.letters.edit(1, edit, by: "Ann", reason: "a guess")
                }
                #expect(refusal?.code == .invalid)
            }
        }
    }

    @Test("an edited letter that is still bad waits with its next cause, and fails again when it is replayed")
    func stillBad() async throws {
        try await damaged { _, _, kingston in
            var edit = LetterEdit()
            edit.body = Array("{".utf8)
            let outcome = try await kingston.letters.edit(1, edit, by: "Ann", reason: "a slip")
            #expect(outcome.letter.row.cause == .undecodable && outcome.letter.row.state == .parked)
            let plan = try await kingston.replayAll(order)
            #expect(plan.state == .stopped && plan.results.failed == 1)
            #expect(plan.endReason == "1 of the first 1 failed again")
            #expect(try await kingston.parked().map(\.cause) == [.undecodable])
            #expect(kingston.state(of: Mesh.barts) == .held(deadLetters: 1))
        }
    }
}
