import AMQP
import CareRecord
import LoadTest
import Replication
import TestSupport
import Testing
import Worker

/// Messages of every kind, read off the broker by a client that is not ours.
@Suite("The contract over a real broker", .fewAtOnce) struct ContractTests {
    private let one = FHIRFixture.number(1)

    @Test("the contract: messages of every kind match the schemas") func everyKind() async throws {
        let mesh = try await Mesh()
        let output = mesh.directory.file("messages.json")
        let script = packageDirectory + "/Tests/WorkerTests/contract.py"
        let change = { (settings: inout WorkerSettings) in
            settings.auditIntervalSeconds = 1
            // Nothing expires before it was read.
            settings.answerTimeoutMilliseconds = 60_000
        }
        try await mesh.run(Mesh.barts, Mesh.kingston, change: change) { workers in
            try await tap(mesh, run: workers[1].run)
            _ = try await workers[0].submit([
                FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"),
                FHIRFixture.condition("d", of: "p"),
            ])
            _ = try await workers[0].submit([FHIRFixture.delete("Condition/c")])
            #expect(await eventually { workers[1].isComplete(of: Mesh.barts) })
            // It asks for the changes again, and then for what was changed behind its back.
            try await workers[1].rebuildIndex()
            #expect(try await eventually { try await workers[1].entries(of: one).count == 2 })
            #expect(await eventually { workers[1].isComplete(of: Mesh.barts) })
            try await mesh.sqlite(Mesh.kingston, "index.sqlite", "DELETE FROM entry WHERE type = 'Condition'")
            #expect(await eventually { workers[1].counters.now.rowsMended == 1 })
            try await ask(200, mesh)
            // It lasts until its deadline, since homerton has no worker, and is over with this test.
            async let _ = workers[1].result(of: one, [.demographics], deadline: 20_000)
            let said = try await Subprocess.run(
                "/usr/bin/python3", [script, mesh.brokerURL, "tap", packageDirectory + "/Docs/contract", output])
            for name in [
                "changes", "pulse", "changesRead", "bucketsRead", "stateRead", "recordRead", "changesPage",
                "bucketsPage", "state", "recordPage", "refusal",
            ] {
                #expect(said.contains("\(name): ok"))
            }
        }
    }

    /// A queue for a copy of everything.
    private func tap(_ mesh: Mesh, run: WorkerRun) async throws {
        try await mesh.withSession { session in
            try await session.declareQueue("tap", isDurable: true)
            try await session.bindQueue("tap", exchange: BrokerNames.changesExchange, routingKey: "#")
            try await session.bindQueue(
                "tap", exchange: BrokerNames.requestsExchange, routingKey: BrokerNames.requestKey(Mesh.barts))
            for (hie, run) in [(Mesh.kingston, run.text), (Mesh.homerton, "flood")] {
                try await session.bindQueue(
                    "tap", exchange: BrokerNames.repliesExchange, routingKey: BrokerNames.replyKey(hie, run: run))
            }
        }
    }

    /// More questions at once than anybody may have waiting.
    private func ask(_ count: Int, _ mesh: Mesh) async throws {
        let run = try #require(WorkerRun("flood"))
        let questions = (1...count).map { number in
            Question(
                asker: Mesh.homerton, run: run, id: "flood/\(number)",
                subject: .changes(after: 0, through: nil), lifetimeMilliseconds: 60_000
            ).message(to: Mesh.barts, sentAt: WallClock.system.now)
        }
        try await mesh.withSession { _ = try await $0.publish(questions) }
    }
}
