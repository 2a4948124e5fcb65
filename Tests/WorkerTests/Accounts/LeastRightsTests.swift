import AMQP
import CareRecord
import LoadTest
import Replication
import Storage
import TestSupport
import Testing
import Topology

@testable import Worker

/// Workers that log in with their certificates, to accounts with the least rights that work, over a real broker.
@Suite("Workers with accounts of their own", .fewAtOnce, .timeLimit(.minutes(10))) struct LeastRightsTests {
    private let one = FHIRFixture.number(1)
    private let two = FHIRFixture.number(2)

    @Test("everything that workers do works with the rights that their accounts have") func everything() async throws {
        let mesh = try await CertifiedMesh()
        try await mesh.run(Mesh.barts, Mesh.homerton, Mesh.kingston) { workers in
            let (barts, homerton, kingston) = (workers[0], workers[1], workers[2])
            for (worker, id) in zip(workers, ["b", "h", "k"]) {
                _ = try await worker.submit([
                    FHIRFixture.patient(id, number: one), FHIRFixture.condition("c", of: id),
                ])
            }
            for worker in workers {
                #expect(try await eventually { try await worker.entries(of: one).count == 6 })
                // Pulses have come.
                #expect(await eventually { worker.isComplete(of: Mesh.barts, Mesh.homerton, Mesh.kingston) })
            }
            try await kingston.rebuildIndex()
            #expect(try await eventually { try await kingston.entries(of: one).count == 6 })
            #expect(kingston.counters.now.pagesApplied >= 2)
            #expect(await eventually { kingston.isComplete(of: Mesh.barts, Mesh.homerton) })
            let result = try await kingston.result(of: one, deadline: 60_000)
            #expect(result.references.count == 6)
            #expect(result.answer(Mesh.barts)?.state == .answered && result.answer(Mesh.homerton)?.state == .answered)

            try await drain(mesh, workers)
            try await replay(mesh, from: barts, to: homerton)

            for worker in workers {
                #expect(worker.readiness.state == .ready, "\(worker.hie): \(worker.readiness.reasons)")
                #expect(worker.brokers.all.allSatisfy { $0.state == .connected })
                #expect(worker.counters.now.questionsRejected == 0 && worker.counters.now.answersUnreadable == 0)
                #expect(worker.counters.now.parked[.forgedSource] == nil && worker.counters.now.reconnects == 0)
            }
        }
    }

    /// What the broker put aside is taken by the one whom it was meant for, what reached nobody by the first of a region.
    private func drain(_ mesh: CertifiedMesh, _ workers: [Worker]) async throws {
        for region in ["nel", "swl"] {
            try await mesh.withSession(region, as: nil) { session in
                for (exchange, key) in [
                    (BrokerNames.deadExchange, "homerton"), (BrokerNames.changesExchange, "change.nobody"),
                ] {
                    let message = Message(body: Array("\(region) \(key)".utf8))
                    let outcome = try await session.publishConfirmed(message, exchange: exchange, routingKey: key)
                    #expect(outcome == .confirmed)
                }
            }
        }
        #expect(await eventually { workers[1].counters.now.parked == [.rejected: 2] })
        #expect(await eventually { workers[0].counters.now.parked == [.unrouted: 1] })
        #expect(await eventually { workers[2].counters.now.parked == [.unrouted: 1] })
    }

    /// A message that the source itself has sent in an unknown form is put right and replayed over the broker.
    private func replay(_ mesh: CertifiedMesh, from barts: Worker, to homerton: Worker) async throws {
        let page = try await barts.ownRecords.journalPage(JournalStretch(after: 0), limits: OutboxMachine.Limits().page)
        var outgoing = ChangeBatch.message(source: Mesh.barts, page, sentAt: WallClock.system.now)
        outgoing.message.type = "wherry.changes.v9"
        let message = outgoing
        try await mesh.withSession("nel", as: Mesh.barts) { session in
            _ = try await session.publishConfirmed(
                message.message, exchange: message.exchange, routingKey: message.routingKey)
        }
        #expect(await eventually { homerton.counters.now.parked[.unknownType] == 1 })
        var filter = LetterFilter()
        filter.causes = [.unknownType]
        let letter = try #require(try await homerton.letters.rows(filter, after: 0, limit: 1).first)
        var edit = LetterEdit()
        edit.type = MessageHeader.Kind.changes.rawValue
        _ = try await homerton.letters.edit(letter.id, edit, by: "Ann", reason: "sent by a newer version")
        let plan = try await homerton.letters.makePlan(filter, selection: "all", by: "Ann")
        let everybody = await #expect(throws: DeadLetterRefusal.self) {
            try await homerton.letters.replay(
                plan.name, ReplayOrder(target: .everybody, by: "Ann", reason: "to all"))
        }
        #expect(everybody?.reason.contains("leave --to-everybody out") == true)
        _ = try await homerton.letters.replay(plan.name, ReplayOrder(target: .subscriber, by: "Ann", reason: "again"))
        let ended = try await homerton.ended(plan.name)
        #expect(ended.state == .finished && ended.results.duplicate == 1, "\(ended)")
        #expect(homerton.counters.now.replaysUnknown == 0)
    }

    @Test("an HIE without an account is told so for that broker, by name, and its other links go on") func missing()
        async throws
    {
        let mesh = try await CertifiedMesh()
        try await mesh.peer.broker.ctl("clear_permissions", "-p", mesh.virtualHosts[0], "kingston")
        try await mesh.run(Mesh.homerton, Mesh.kingston) { workers in
            let kingston = workers[1]
            #expect(
                await eventually {
                    kingston.brokers.all.first { $0.broker == "nel" }?.reason?.contains("run wherry topology apply")
                        == true
                })
            let nel = kingston.brokers.all.first { $0.broker == "nel" }
            #expect(nel?.state == .down && nel?.reason?.contains("broker nel") == true)
            #expect(await eventually { kingston.brokers.all.first { $0.broker == "swl" }?.state == .connected })
            _ = try await kingston.submit([FHIRFixture.patient("k", number: one)])
            #expect(try await eventually { try await workers[0].entries(of: one).count == 1 })
            try await mesh.apply()
            #expect(await eventually { kingston.brokers.all.allSatisfy { $0.state == .connected } })
            #expect(await eventually { kingston.isComplete(of: Mesh.homerton) })
        }
    }

    @Test("a worker with another HIE's certificate does not start, and says whose it must be")
    func mixedUp() async throws {
        let mesh = try await CertifiedMesh()
        let other = BrokerAccess(tls: mesh.peer.files("homerton"))
        let error = await #expect(throws: WorkerError.self) {
            try await mesh.run(Mesh.barts, change: { $0.access = other }) { _ in }
        }
        #expect(error?.code == .foreignCertificate)
        #expect(error?.reason.contains("give those of barts with --tls-cert and --tls-key") == true)
    }
}
