import AMQP
import CareRecord
import Replication
import Storage
import TestSupport
import Testing
import Topology

@testable import Worker

/// homerton's own certificate, used by a client that is no worker, against barts and kingston.
@Suite("An HIE's account in the wrong hands", .fewAtOnce, .timeLimit(.minutes(10))) struct IntruderTests {
    private let one = FHIRFixture.number(1)
    private let two = FHIRFixture.number(2)

    @Test(
        "nothing is published as another, read, deleted or stopped: the broker refuses it, or the receiver finds it out"
    )
    func everything() async throws {
        let mesh = try await CertifiedMesh()
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            let (barts, kingston) = (workers[0], workers[1])
            _ = try await barts.submit([FHIRFixture.patient("b", number: one)])
            #expect(try await eventually { try await kingston.entries(of: one).count == 1 })
            let state = try await barts.ownRecords.journalState()
            let said = try await mesh.intrude(
                "everything", runs: [Mesh.barts: barts.run.text, Mesh.kingston: kingston.run.text],
                epoch: state.epoch.text, head: state.head)
            #expect(said.contains(" refused, 12 taken"), "\(said)")

            // What the broker took was found out, and names nobody as its source.
            #expect(await eventually { barts.counters.now.parked == [.forgedSource: 6, .headerRefused: 1] })
            #expect(await eventually { kingston.counters.now.parked == [.forgedSource: 6, .headerRefused: 1] })
            #expect(await eventually { barts.counters.now.questionsRejected == 3 })
            for worker in workers {
                #expect(try await worker.parked().allSatisfy { $0.source == nil })
                #expect(try await worker.entries(of: two).isEmpty)
                #expect(worker.counters.now.replaysUnknown == 0)
            }
            let incidents = try await barts.audit.incidents(max: 10)
            #expect(incidents.contains { $0.detail.contains("names homerton, who is not kingston") })
            #expect(incidents.allSatisfy { $0.hie == Mesh.homerton || $0.hie == nil })

            // What the intruder sent is not replayed by an operator who does not look.
            let plan = try await kingston.replayAll(ReplayOrder(target: .subscriber, by: "Ann", reason: "all of it"))
            #expect(plan.results.applied == 0 && plan.results.failed == plan.results.total)
            #expect(try await kingston.entries(of: two).isEmpty)

            try await expectTraffic(barts, kingston)
        }
    }

    /// Changes, repair and queries between the two go on.
    private func expectTraffic(_ barts: Worker, _ kingston: Worker) async throws {
        _ = try await barts.submit([FHIRFixture.condition("c", of: "b")])
        _ = try await kingston.submit([FHIRFixture.patient("k", number: one)])
        for worker in [barts, kingston] {
            #expect(try await eventually { try await worker.entries(of: one).count == 3 })
        }
        try await barts.rebuildIndex()
        #expect(try await eventually { try await barts.entries(of: one).count == 3 })
        #expect(await eventually { barts.isComplete(of: Mesh.kingston) && kingston.isComplete(of: Mesh.barts) })
        let result = try await barts.result(of: one, [.demographics], deadline: 60_000)
        #expect(result.answer(Mesh.kingston)?.state == .answered)
        #expect(barts.counters.now.reconnects == 0 && kingston.counters.now.reconnects == 0)
    }

    @Test("an answer in another's name does not count, and does not stand in the way of the true one") func answers()
        async throws
    {
        let mesh = try await CertifiedMesh()
        try await mesh.run(Mesh.kingston) { workers in
            let kingston = workers[0]
            #expect(await eventually { kingston.brokers.all.allSatisfy { $0.state == .connected } })
            let result = try await answering(mesh) { question in
                let said = try await mesh.intrude(
                    "answer", runs: [Mesh.kingston: question.address.run.text], question: question.address.id)
                #expect(said.contains("1 refused, 6 taken"), "\(said)")
                #expect(await eventually { kingston.counters.now.answersUnreadable == 6 })
            } _: {
                try await kingston.result(of: one, deadline: 60_000)
            }
            #expect(result.answer(Mesh.barts)?.state == .answered)
            #expect(result.references == ["barts Condition/c0"])
        }
    }

    /// Runs `body` while barts and homerton, as clients with their own certificates, answer what they are asked for a
    /// record; barts does `first` something else.
    private func answering(
        _ mesh: CertifiedMesh, first: @escaping @Sendable (Question) async throws -> Void,
        _ body: @escaping @Sendable () async throws -> QueryResult
    ) async throws -> QueryResult {
        try await withThrowingTaskGroup(of: QueryResult?.self) { group in
            for hie in [Mesh.barts, Mesh.homerton] {
                group.addTask {
                    try await mesh.withSession("nel", as: hie) { session in
                        let consumer = try await session.consume(BrokerNames.requestsQueue(hie), prefetchMax: 9)
                        while true {
                            for delivery in try await consumer.next(max: 9) {
                                let question = try Question(delivery, to: hie, from: [Mesh.kingston])
                                try await session.acknowledge(delivery.tag)
                                guard case .record = question.subject else { continue }
                                if hie == Mesh.barts { try await first(question) }
                                let page = FakePeer.page(0, last: true, of: one)
                                let reply: Reply = hie == Mesh.barts ? .record(page) : .refusal(reason: "closed")
                                let outgoing = reply.message(
                                    from: hie, to: question.address, sentAt: WallClock.system.now)
                                _ = try await session.publishConfirmed(
                                    outgoing.message, exchange: outgoing.exchange, routingKey: outgoing.routingKey)
                            }
                        }
                    }
                }
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }
}
