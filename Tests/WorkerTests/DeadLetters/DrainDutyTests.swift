import AMQP
import CareRecord
import Logging
import Replication
import TestSupport
import Testing
import Topology
import Worker

/// Who drains what, and what a missing queue costs.
@Suite("The duty to drain", .fewAtOnce) struct DrainDutyTests {
    private let one = FHIRFixture.number(1)

    @Test("promise P6: missing queues hold up no change; they are named, and drained once they are there")
    func missing() async throws {
        let mesh = try await Mesh()
        let queues = [BrokerNames.deadQueue(Seat(Mesh.barts)), BrokerNames.unroutedQueue]
        try await mesh.withSession { session in
            for queue in queues { try await session.deleteQueue(queue) }
        }
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            for queue in queues { #expect(await eventually { isMissed(queue, by: workers[0]) }) }
            _ = try await workers[1].submit([FHIRFixture.patient("p", number: one)])
            #expect(try await eventually { try await workers[0].entries(of: one) == ["kingston Patient/p 1"] })
            try await mesh.declare()
            try await mesh.withSession { session in
                _ = try await session.publishConfirmed(
                    Message(body: [1], messageID: "dead"), exchange: BrokerNames.deadExchange, routingKey: "barts")
                _ = try await session.publishConfirmed(
                    Message(body: [2], messageID: "unrouted"), exchange: BrokerNames.changesExchange,
                    routingKey: "nobody")
            }
            #expect(try await eventually { try await mesh.letters(Mesh.barts).count == 2 })
            #expect(await eventually { workers[0].readiness.state == .ready })
            try await mesh.withSession { session in
                for queue in queues { try await session.deleteQueue(queue) }
                // Drained again, although its queue went away under the consumer.
                #expect(await eventually { workers[0].readiness.state == .degraded })
            }
            try await mesh.declare()
            #expect(await eventually { workers[0].readiness.state == .ready })
        }
    }

    private func isMissed(_ queue: String, by worker: Worker) -> Bool {
        worker.readiness.reasons.contains {
            $0.part == "draining \(queue) of broker all"
                && $0.reason.contains("(404)") && $0.reason.contains("run wherry topology apply")
        }
    }

    @Test("what reached nobody at a broker is taken by the first connected HIE of its regions, as the topology changes")
    func duty() async throws {
        let mesh = try await LiveMesh([
            Mesh.barts: .planned, Mesh.homerton: .connected, Mesh.kingston: .connected,
        ])
        @Sendable func publish(_ name: String, to region: String) async throws {
            let session = try await mesh.session(region)
            _ = try await session.publishConfirmed(
                Message(body: [1], messageID: name), exchange: BrokerNames.changesExchange, routingKey: "nobody")
            await session.close()
        }
        @Sendable func parked(_ worker: Worker) -> Int64 { worker.counters.now.parked[.unrouted] ?? 0 }
        try await mesh.run(Mesh.homerton, Mesh.kingston) { workers in
            try await publish("1", to: "nel")
            #expect(await eventually { parked(workers[0]) == 1 })
            try await publish("2", to: "swl")
            #expect(await eventually { parked(workers[1]) == 1 })
            // Barts comes first in the file: it is on duty from now on, and has no worker yet.
            try mesh.write([Mesh.barts: .connected, Mesh.homerton: .connected, Mesh.kingston: .connected])
            try await mesh.declare()
            #expect(await eventually { workers[0].topology.hie(Mesh.barts)?.status == .connected })
            try await expectNoConsumer(mesh)
            try await publish("3", to: "nel")
            #expect(parked(workers[0]) == 1 && parked(workers[1]) == 1)
            try mesh.write([Mesh.barts: .planned, Mesh.homerton: .connected, Mesh.kingston: .connected])
            #expect(await eventually { parked(workers[0]) == 2 })
        }
    }

    private func expectNoConsumer(_ mesh: LiveMesh) async throws {
        let session = try await mesh.session("nel")
        let isFree = try await eventually {
            try await session.inspectQueue(BrokerNames.unroutedQueue).consumers == 0
        }
        #expect(isFree)
        await session.close()
    }

    @Test("a mesh of one connected HIE has nobody to reach: its changes are no dead letters") func alone() async throws
    {
        let mesh = try await LiveMesh([Mesh.barts: .connected])
        try await mesh.run(Mesh.barts) { workers in
            _ = try await workers[0].submit([FHIRFixture.patient("p", number: one)])
            #expect(await eventually { workers[0].counters.now.unroutedTransient[.changes] == 1 })
            #expect(workers[0].counters.now.parked == [:])
        }
    }

    @Test("a replayed message that no plan knows is acknowledged, counted, and neither applied nor parked")
    func unknownReplay() async throws {
        let mesh = try await Mesh()
        let epoch = try #require(Epoch("e"))
        try await mesh.run(Mesh.kingston) { workers in
            try await mesh.withSession { session in
                for (exchange, key, mark) in [
                    (BrokerNames.replaysExchange, "kingston", "kingston/1/1"),
                    (BrokerNames.replaysExchange, "kingston", "barts/1/1"),
                    (BrokerNames.changesExchange, "change.barts", "kingston/1/2"),
                ] {
                    let page = JournalPage(
                        epoch: epoch, after: 0, through: 1, head: 1, changeCount: 1, body: Array("{}\n".utf8))
                    var message = ChangeBatch.message(source: Mesh.barts, page, sentAt: WallClock.system.now).message
                    message.headers[HeaderName.replay] = .string(mark)
                    _ = try await session.publishConfirmed(message, exchange: exchange, routingKey: key)
                }
                #expect(await eventually { workers[0].counters.now.replaysUnknown == 3 })
                let isEmpty = try await eventually {
                    try await session.inspectQueue(BrokerNames.changesQueue(Seat(Mesh.kingston))).messages == 0
                }
                #expect(isEmpty)
            }
            #expect(workers[0].counters.now.parked == [:])
            #expect(workers[0].state(of: Mesh.barts) != .complete)
        }
    }
}
