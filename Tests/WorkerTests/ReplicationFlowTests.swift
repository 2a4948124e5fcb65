import AMQP
import CareRecord
import Foundation
import Replication
import Storage
import TestSupport
import Testing
import Worker

/// Workers in this process over a real broker.
@Suite("Replication over a real broker", .fewAtOnce) struct ReplicationFlowTests {
    private let one = FHIRFixture.number(1)
    private let two = FHIRFixture.number(2)

    @Test("promise P1: a change made in one HIE is in every other HIE's index; own changes need no broker")
    func everywhere() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.homerton, Mesh.kingston) { workers in
            _ = try await workers[0].submit([
                FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"),
            ])
            _ = try await workers[2].submit([FHIRFixture.patient("k", number: one)])
            let expected: Set = ["barts Patient/p 1", "barts Condition/c 2", "kingston Patient/k 1"]
            for worker in workers {
                #expect(try await eventually { try await worker.entries(of: one) == expected })
                #expect(
                    await eventually { worker.coverage().allSatisfy { $0.state == .complete || $0.state == .planned } })
            }
            #expect(workers[0].state(of: Mesh.imperial) == .planned)
        }
    }

    @Test("nothing is published at a broker until the topology is declared there to the end")
    func halfDeclared() async throws {
        let mesh = try await Mesh()
        try await mesh.withSession { session in
            // What is declared last.
            try await session.deleteExchange(BrokerNames.repliesExchange)
            try await session.unbindQueue(
                BrokerNames.changesQueue(Seat(Mesh.kingston)), exchange: BrokerNames.changesExchange,
                routingKey: BrokerNames.changeKey(Mesh.barts))
        }
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            _ = try await workers[0].submit([FHIRFixture.patient("p", number: one)])
            let asks = await eventually {
                workers[0].brokers.all.contains { $0.reason?.contains("wherry topology apply") == true }
            }
            #expect(asks)
            #expect(try await workers[0].ownRecords.journalState().publishedThrough == 0)
            try await mesh.declare()
            #expect(try await eventually { try await workers[1].entries(of: one) == ["barts Patient/p 1"] })
            #expect(workers.allSatisfy { $0.counters.now.parked.isEmpty })
        }
    }

    @Test("deletes, corrections and moves between patients arrive too") func withdrawals() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            _ = try await workers[0].submit([
                FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"),
                FHIRFixture.condition("d", of: "p"),
            ])
            #expect(try await eventually { try await workers[1].entries(of: one).count == 3 })
            _ = try await workers[0].submit([FHIRFixture.delete("Condition/d"), FHIRFixture.patient("p", number: two)])
            #expect(try await eventually { try await workers[1].entries(of: two).count == 2 })
            #expect(try await eventually { try await workers[1].entries(of: one).isEmpty })
        }
    }

    @Test("promise P1: what a subscriber missed while it was away waits for it") func away() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts) { workers in
            for number in 1...50 {
                _ = try await workers[0].submit([
                    FHIRFixture.patient("p", number: one), FHIRFixture.condition("c\(number)", of: "p"),
                ])
            }
            #expect(try await eventually { try await workers[0].ownRecords.journalState().publishedThrough == 51 })
        }
        try await mesh.run(Mesh.kingston) { workers in
            let hasArrived = try await eventually { try await workers[0].entries(of: one).count == 51 }
            #expect(hasArrived)
        }
    }

    @Test("promise P3: a peer that stops is silent with the time, and what it sent stays") func silent() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.kingston) { kingston in
            try await mesh.run(Mesh.barts) { barts in
                _ = try await barts[0].submit([FHIRFixture.patient("p", number: one)])
                #expect(try await eventually { try await kingston[0].entries(of: one).count == 1 })
                #expect(await eventually { kingston[0].state(of: Mesh.barts) == .complete })
            }
            let isSilent = await eventually {
                if case .silent(.some) = kingston[0].state(of: Mesh.barts) { true } else { false }
            }
            #expect(isSilent)
            #expect(try await kingston[0].entries(of: one).count == 1)
        }
    }

    @Test("promise P2: everything published again changes nothing") func republished() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            _ = try await workers[0].submit([
                FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"),
            ])
            #expect(try await eventually { try await workers[1].entries(of: one).count == 2 })
            let before = try await workers[1].entries(of: one)
            let session = try await Session.open(
                Endpoint(url: mesh.brokerURL), settings: SessionSettings(name: "again"), logger: mesh.logger)
            let page = try #require(
                try await workers[0].ownRecords.journalPage(after: 0, limits: OutboxMachine.Limits().page))
            let again = ChangeBatch.message(
                source: Mesh.barts, page, sentAt: Timestamp(milliseconds: 0))
            _ = try await session.publishConfirmed(
                again.message, exchange: again.exchange, routingKey: again.routingKey)
            await session.close()
            #expect(await eventually { workers[1].counters.now.changesSuperseded == 2 })
            #expect(try await workers[1].entries(of: one) == before)
        }
    }

    @Test("promise P6: foreign bytes are parked with their cause, and the stream goes on") func foreignBytes()
        async throws
    {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            let session = try await Session.open(
                Endpoint(url: mesh.brokerURL), settings: SessionSettings(name: "foreign"), logger: mesh.logger)
            for body in [[], [0xFF, 0xFE, 0x00], Array("{\"a\":".utf8), Array(repeating: 0x5B, count: 100_000)]
                as [[UInt8]]
            {
                _ = try await session.publishConfirmed(
                    Message(body: body), exchange: BrokerNames.changesExchange, routingKey: "change.barts")
            }
            await session.close()
            _ = try await workers[0].submit([FHIRFixture.patient("p", number: one)])
            #expect(try await eventually { try await workers[1].entries(of: one).count == 1 })
            #expect(await eventually { workers[1].counters.now.parked == [.forgedSource: 4] })
            #expect(try await workers[1].deadLetters.counts() == [nil: 4])
        }
    }

    @Test("without its queues a worker stays up and says what to run, and works once that was run") func undeclared()
        async throws
    {
        let mesh = try await Mesh(declares: false)
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            let saysWhat = await eventually {
                workers.allSatisfy { worker in
                    worker.readiness.state == .degraded
                        && worker.readiness.reasons.contains { $0.reason.contains("wherry topology apply") }
                }
            }
            #expect(saysWhat)
            try await mesh.declare()
            #expect(await eventually { workers.allSatisfy { $0.readiness.state == .ready } })
            _ = try await workers[0].submit([FHIRFixture.patient("p", number: one)])
            #expect(try await eventually { try await workers[1].entries(of: one).count == 1 })
        }
    }
}
