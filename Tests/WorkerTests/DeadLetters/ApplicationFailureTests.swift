import AMQP
import CareRecord
import Replication
import TestSupport
import Testing
import Worker

/// A change that the index does not take, for no reason of its form.
@Suite("Changes that cannot be applied", .fewAtOnce) struct ApplicationFailureTests {
    private let one = FHIRFixture.number(1)

    /// Makes an index refuse the resource with this id.
    private func refuse(_ id: String, at hie: HIEIdentifier, _ mesh: Mesh) async throws {
        try await mesh.sqlite(
            hie, "index.sqlite",
            """
            CREATE TRIGGER refusal BEFORE INSERT ON entry WHEN NEW.id GLOB '\(id)'
            BEGIN SELECT RAISE(ABORT, 'refused'); END
            """)
    }

    /// Whether this part stands still because of the trigger.
    private func isRefused(_ part: String, _ worker: Worker) -> Bool {
        worker.readiness.reasons.contains { $0.part == part && $0.reason.contains("SQLite code 1811") }
    }

    private func fill(_ worker: Worker, _ numbers: ClosedRange<Int>) async throws {
        _ = try await worker.submit(
            [FHIRFixture.patient("p", number: one)] + numbers.map { FHIRFixture.condition("c\($0)", of: "p") })
    }

    @Test("promise P6: one change that the index does not take is parked alone, and all others of its messages apply")
    func one() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            #expect(await eventually { workers.allSatisfy { $0.readiness.state == .ready } })
            try await refuse("c7", at: Mesh.kingston, mesh)
            try await fill(workers[0], 1...40)
            #expect(try await eventually { try await workers[1].entries(of: one).count == 40 })
            // The same change may come by repair as well.
            #expect(Set(workers[1].counters.now.parked.keys) == [.applicationFailed])
            let letter = try #require(try await mesh.letters(Mesh.kingston).first)
            #expect(letter.source == "barts" && letter.queue == "wherry.changes.kingston")
            #expect(letter.exchange == "wherry.changes" && letter.routingKey == "change.barts")
            let line = try JSON.parse(bytes(letter.body))
            #expect(line["resource"]?.text == "Condition/c7" && line["seq"]?.integer == 8)
            // Nothing stands still: what comes later is applied as ever.
            _ = try await workers[0].submit([FHIRFixture.condition("later", of: "p")])
            #expect(try await eventually { try await workers[1].entries(of: one).count == 41 })
            #expect(await eventually { workers[1].readiness.state == .ready })
            #expect(
                await eventually { workers[1].coverageBoard.progress(of: Mesh.barts)?.applied.watermark == 42 })
        }
    }

    @Test("promise P6: while the index takes nobody's changes, nothing is parked, and everything applies afterwards")
    func all() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            #expect(await eventually { workers.allSatisfy { $0.readiness.state == .ready } })
            try await refuse("*", at: Mesh.kingston, mesh)
            try await fill(workers[0], 1...5)
            #expect(await eventually { isRefused("intake", workers[1]) })
            // Through repair as well, which asks for what is missing meanwhile.
            #expect(await eventually { isRefused("repair", workers[1]) })
            #expect(workers[1].counters.now.parked == [:])
            try await mesh.sqlite(Mesh.kingston, "index.sqlite", "DROP TRIGGER refusal")
            #expect(try await eventually { try await workers[1].entries(of: one).count == 6 })
            #expect(await eventually { workers[1].readiness.state == .ready })
            #expect(workers[1].counters.now.parked == [:])
        }
    }

    @Test("promise P6: a page that is asked for, and the own journal, lose one change each and not the rest")
    func elsewhere() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts) { workers in
            try await fill(workers[0], 1...10)
            #expect(await eventually { workers[0].isComplete(of: Mesh.barts) })
        }
        // What was published is gone: only repair brings it.
        try await mesh.withSession { _ = try await $0.purgeQueue(BrokerNames.changesQueue(Seat(Mesh.kingston))) }
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            try await refuse("c[39]", at: Mesh.kingston, mesh)
            _ = try await workers[1].submit([
                FHIRFixture.patient("k", number: one), FHIRFixture.condition("c3", of: "k"),
                FHIRFixture.condition("c4", of: "k"),
            ])
            let isThere = try await eventually {
                let entries = try await workers[1].entries(of: one)
                return entries.count(where: { $0.hasPrefix("barts") }) == 9
                    && entries.count(where: { $0.hasPrefix("kingston") }) == 2
            }
            #expect(isThere)
            // The same change may come by its message as well.
            let expected: Set = ["barts wherry.changes.kingston", "kingston records.sqlite"]
            #expect(try await eventually { try await origins(mesh) == expected })
            #expect(Set(workers[1].counters.now.parked.keys) == [.applicationFailed])
        }
    }

    private func origins(_ mesh: Mesh) async throws -> Set<String> {
        Set(try await mesh.letters(Mesh.kingston).map { "\($0.source ?? "") \($0.queue)" })
    }

    private func bytes(_ hexadecimal: String) -> [UInt8] {
        stride(from: 0, to: hexadecimal.count, by: 2).compactMap { place in
            UInt8(hexadecimal.dropFirst(place).prefix(2), radix: 16)
        }
    }
}
