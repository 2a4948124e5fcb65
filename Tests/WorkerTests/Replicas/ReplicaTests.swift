import AMQP
import CareRecord
import Foundation
import Replication
import Storage
import TestSupport
import Testing
import Topology

@testable import Worker

/// Read replicas beside their primary, over a real broker.
@Suite("Read replicas over a real broker", .fewAtOnce) struct ReplicaTests {
    private let one = FHIRFixture.number(1)
    private let a = Seat(Mesh.barts, replica: ReplicaName("a"))
    private let b = Seat(Mesh.barts, replica: ReplicaName("b"))

    @Test("promise P1: every replica has the changes of every HIE, its own among them, and publishes nothing")
    func everywhere() async throws {
        let mesh = try await Mesh(ofBarts: "replicas: [a, b]")
        try await mesh.run(seats: Seat(Mesh.barts), Seat(Mesh.kingston), a, b) { workers in
            _ = try await workers[0].submit([
                FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"),
            ])
            _ = try await workers[1].submit([FHIRFixture.patient("k", number: one)])
            let expected: Set = ["barts Patient/p 1", "barts Condition/c 2", "kingston Patient/k 1"]
            for worker in workers {
                #expect(try await eventually { try await worker.entries(of: one) == expected })
                #expect(await eventually { worker.isComplete(of: Mesh.barts, Mesh.kingston) })
            }
            for replica in workers[2...] {
                let done = replica.counters.now
                #expect(done.messagesPublished == 0 && done.pulsesSent == 0 && done.answersGiven == 0)
                #expect(replica.records == nil && replica.progress.head == 0)
                #expect(!FileManager.default.fileExists(atPath: mesh.directory.file("\(replica.seat)/records.sqlite")))
                #expect(await replica.verifyIndex()[Mesh.barts] == .equal)
            }
            // Each has queues of its own, and they are empty.
            try await mesh.withSession { session in
                for queue in [a, b].map(BrokerNames.changesQueue) {
                    let counts = try await session.inspectQueue(queue)
                    #expect(counts.consumers == 1 && counts.messages == 0)
                }
            }
        }
    }

    @Test("promise P7: a replica's index that is deleted fills again, from its primary as from the others")
    func deletedIndex() async throws {
        let mesh = try await Mesh(ofBarts: "replicas: [a]")
        try await mesh.run(seats: Seat(Mesh.barts), Seat(Mesh.kingston)) { primaries in
            try await mesh.run(seats: a) { replica in
                for number in 1...30 {
                    _ = try await primaries[0].submit([
                        FHIRFixture.patient("p", number: one), FHIRFixture.condition("c\(number)", of: "p"),
                    ])
                }
                _ = try await primaries[1].submit([FHIRFixture.patient("k", number: one)])
                #expect(try await eventually { try await replica[0].entries(of: one).count == 32 })
            }
            for file in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
                try? FileManager.default.removeItem(atPath: mesh.directory.file("\(a)/\(file)"))
            }
            try await mesh.run(seats: a) { replica async throws in
                #expect(try await eventually { try await replica[0].entries(of: one).count == 32 })
                #expect(await eventually { replica[0].isComplete(of: Mesh.barts, Mesh.kingston) })
                #expect(replica[0].counters.now.pagesApplied >= 2)
                #expect(await eventually { replica[0].readiness.state == .ready })
            }
        }
    }

    @Test("promise P3: while its primary is away a replica goes on reading, and says that its own HIE is silent")
    func primaryAway() async throws {
        let mesh = try await Mesh(ofBarts: "replicas: [a]")
        try await mesh.run(seats: a) { replica in
            // Of its own HIE it knows nothing yet, and no balancer is to send anybody here.
            #expect(replica[0].readiness.state == .starting)
            try await mesh.run(seats: Seat(Mesh.barts), Seat(Mesh.kingston)) { primaries in
                _ = try await primaries[0].submit([FHIRFixture.patient("p", number: one)])
                #expect(try await eventually { try await replica[0].entries(of: one).count == 1 })
                #expect(await eventually { replica[0].isComplete(of: Mesh.barts, Mesh.kingston) })
                #expect(await eventually { replica[0].readiness.state == .ready })
            }
            let isSilent = await eventually {
                if case .silent(.some) = replica[0].state(of: Mesh.barts) { true } else { false }
            }
            #expect(isSilent)
            #expect(try await replica[0].entries(of: one).count == 1)
            #expect(replica[0].readiness.state == .ready)
        }
    }

    @Test("promise P8: a query at a replica has the own HIE's resources, those too that it shares with nobody else")
    func query() async throws {
        let mesh = try await Mesh(ofBarts: "replicas: [a], shares: { condition: nothing }")
        try await mesh.run(seats: Seat(Mesh.barts), Seat(Mesh.kingston), a) { workers in
            _ = try await workers[0].submit([
                FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"),
            ])
            _ = try await workers[1].submit([FHIRFixture.patient("k", number: one)])
            for worker in workers {
                #expect(try await eventually { try await worker.entries(of: one).count == 2 })
                #expect(await eventually { worker.isComplete(of: Mesh.barts, Mesh.kingston) })
            }
            let atPrimary = try await workers[0].result(of: one)
            let atReplica = try await workers[2].result(of: one)
            #expect(atReplica.references == ["barts Patient/p", "barts Condition/c", "kingston Patient/k"])
            #expect(atReplica.references == atPrimary.references)
            #expect(atReplica.answer(Mesh.barts)?.state == .answered)
            #expect(try await workers[1].result(of: one).references == ["barts Patient/p", "kingston Patient/k"])
            #expect(try await workers[2].audit.counts(of: [.recordAsked])[.recordAsked] == 1)
            let read = try await mesh.sqlite(
                Mesh.barts, "audit.sqlite", "SELECT count(*) FROM event WHERE kind = 'record-read' AND hie = 'barts'")
            #expect(read.trimmingCharacters(in: .whitespacesAndNewlines) == "1")
            #expect(workers[0].counters.now.questionsRejected == 0)
        }
    }

    @Test("an HIE without replicas does not answer a question that says it is its own") func stranger() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts) { workers in
            let question = Question(
                asker: Mesh.barts, run: workers[0].run, id: "x", subject: .state(JournalWitness(epoch: nil, through: 0))
            )
            let outgoing = question.message(to: Mesh.barts, sentAt: Timestamp(milliseconds: 0))
            try await mesh.withSession { session in
                _ = try await session.publishConfirmed(
                    outgoing.message, exchange: outgoing.exchange, routingKey: outgoing.routingKey)
            }
            #expect(await eventually { workers[0].counters.now.questionsRejected == 1 })
            #expect(workers[0].counters.now.answersGiven == 0)
        }
    }

    @Test("promise P6: what the broker gave up on for a replica is kept there, and nowhere else") func deadLetter()
        async throws
    {
        let mesh = try await Mesh(ofBarts: "replicas: [a]")
        try await mesh.run(seats: Seat(Mesh.barts), a) { workers in
            try await mesh.withSession { session in
                _ = try await session.publishConfirmed(
                    Message(body: [0xFF]), exchange: BrokerNames.deadExchange, routingKey: BrokerNames.deadKey(a))
            }
            #expect(try await eventually { try await workers[1].parked().count == 1 })
            #expect(try await workers[0].parked().isEmpty)
            _ = try await workers[0].submit([FHIRFixture.patient("p", number: one)])
            #expect(try await eventually { try await workers[1].entries(of: one).count == 1 })
        }
    }

    @Test("promise P2: letters of a replica, of its own HIE among them, are replayed over its own queue")
    func replay() async throws {
        let mesh = try await Mesh(ofBarts: "replicas: [a]")
        try await mesh.park(20, of: Mesh.barts, at: a)
        try await mesh.run(seats: a) { workers in
            #expect(try await workers[0].parked().count == 19)
            let plan = try await workers[0].replayAll(ReplayOrder(target: .subscriber, by: "Ann", reason: "test"))
            #expect(plan.state == .finished && plan.results.applied == 19)
            #expect(workers[0].coverageBoard.progress(of: Mesh.barts)?.applied.watermark == 20)
            #expect(workers[0].counters.now.messagesReceived >= 19)
        }
    }

    @Test("a replica that the topology does not name is refused, and so is another worker's directory")
    func refusals() async throws {
        let mesh = try await Mesh(declares: false, ofBarts: "replicas: [a]")
        let unknown = await #expect(throws: WorkerError.self) {
            _ = try await Worker(mesh.settings(b), logger: mesh.logger)
        }
        #expect(unknown?.code == .unknownReplica)
        #expect(unknown?.reason.contains("replica b of barts is not in the topology, where barts has a: add") == true)
        _ = try await Worker(mesh.settings(Mesh.barts), logger: mesh.logger)
        var settings = mesh.settings(a)
        settings.dataDirectory = mesh.directory.file("barts")
        let foreign = await #expect(throws: StorageError.self) { _ = try await Worker(settings, logger: mesh.logger) }
        #expect(foreign?.reason.contains("holds the data of barts, not of replica a of barts") == true)
    }
}
