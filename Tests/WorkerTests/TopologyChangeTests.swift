import AMQP
import CareRecord
import Foundation
import LoadTest
import Replication
import Storage
import TestSupport
import Testing
import Topology
import Worker

/// Workers that go on running while their topology file changes.
@Suite("A topology that changes", .fewAtOnce) struct TopologyChangeTests {
    private static let three: LiveMesh.Members = [
        Mesh.barts: .connected, Mesh.kingston: .connected, Mesh.homerton: .planned, Mesh.imperial: .planned,
    ]

    private let stranger = HIEIdentifier("stranger")!  // a well-formed constant
    private let one = FHIRFixture.number(1)

    @Test("promises P1, P3: a planned HIE joins on its region's link while the others run, and nobody reconnects")
    func joinsLink() async throws {
        let mesh = try await LiveMesh(Self.three)
        try await mesh.run(Mesh.barts, Mesh.kingston) { others in
            #expect(await eventually { others.allSatisfy { $0.readiness.state == .ready } })
            #expect(others.allSatisfy { $0.state(of: Mesh.homerton) == .planned })
            let since = others.map { $0.brokers.all.map(\.since) }
            try mesh.write(Self.three.merging([Mesh.homerton: .connected]) { $1 })
            try await mesh.declare()
            try await mesh.run(Mesh.homerton) { joined in
                try await expectComplete(others + joined, besides: [Mesh.imperial])
                try await expectExchange(joined[0], others)
            }
            #expect(others.map { $0.brokers.all.map(\.since) } == since)
            #expect(others.allSatisfy { $0.counters.now.reconnects == 0 && $0.readiness.state == .ready })
        }
    }

    @Test("promises P1, P3: a whole region's link comes, goes and comes again, and nothing on it is lost")
    func regionComesAndGoes() async throws {
        let mesh = try await LiveMesh(Self.three)
        let four = Self.three.merging([Mesh.imperial: .connected]) { $1 }
        try await mesh.run(Mesh.barts, Mesh.kingston) { others in
            #expect(others.allSatisfy { $0.brokers.all.map(\.broker) == ["nel", "swl"] })
            try mesh.write(four)
            try await mesh.declare()
            try await mesh.run(Mesh.imperial) { joined in
                try await expectComplete(others + joined, besides: [Mesh.homerton])
                #expect(others.allSatisfy { $0.brokers.all.map(\.broker) == ["nel", "swl", "nwl"] })
                try await expectExchange(joined[0], others)

                try mesh.write(Self.three)
                #expect(
                    await eventually {
                        others.allSatisfy { $0.state(of: Mesh.imperial) == .planned && $0.brokers.all.count == 2 }
                    })
                let refuses = await eventually {
                    joined[0].refusesTopology(saying: "imperial, whose worker this is, is planned")
                }
                #expect(refuses)
                _ = try await joined[0].submit([FHIRFixture.condition("meanwhile", of: "imperial")])
                #expect(others.allSatisfy { $0.readiness.state == .ready })

                try mesh.write(four)
                for worker in others {
                    #expect(
                        try await eventually {
                            try await worker.entries(of: one).contains("imperial Condition/meanwhile 2")
                        })
                }
                try await expectComplete(others + joined, besides: [Mesh.homerton])
                #expect(await eventually { !joined[0].isTopologyRefused })
            }
        }
    }

    @Test("promise P1: a region's broker that moves is followed by those who publish there and those who subscribe")
    func brokerMoves() async throws {
        let mesh = try await LiveMesh(Self.three)
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            try await expectExchange(workers[0], [workers[1]])
            try mesh.write(Self.three, moved: ["nel": try await PrivateBroker.shared().makeVirtualHost().name])
            #expect(await eventually { workers.allSatisfy { $0.readiness.state == .degraded } })
            try await mesh.declare()
            _ = try await workers[0].submit([FHIRFixture.condition("moved", of: "barts")])
            #expect(
                try await eventually { try await workers[1].entries(of: one).contains("barts Condition/moved 2") })
            #expect(await eventually { workers.allSatisfy { $0.readiness.state == .ready } })
        }
    }

    @Test(
        "a file that cannot be used changes nothing, is shown with its mistake, and heals",
        arguments: [
            ("name: [", "mesh.yaml:"), ("", "mesh.yaml:1:1: the file is empty"),
            ("name: Mesh\nregions: []\n", "mesh.yaml:2"),
        ])
    func refused(text: String, words: String) async throws {
        let mesh = try await LiveMesh(Self.three)
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            #expect(await eventually { workers.allSatisfy { $0.readiness.state == .ready } })
            try mesh.write(text: text)
            #expect(await eventually { workers.allSatisfy { $0.refusesTopology(saying: words) } })
            try await expectExchange(workers[0], [workers[1]])
            try mesh.write(Self.three.merging([Mesh.homerton: .connected]) { $1 })
            #expect(await eventually { workers.allSatisfy { !$0.isTopologyRefused } })
            #expect(workers.allSatisfy { $0.state(of: Mesh.homerton) == .silent(since: nil) })
        }
    }

    @Test("a file that is gone, without this worker's HIE or with it planned is refused with what to do")
    func refusedOwn() async throws {
        let mesh = try await LiveMesh(Self.three)
        try await mesh.run(Mesh.barts) { workers in
            try mesh.write([Mesh.kingston: .connected])
            #expect(await eventually { workers[0].refusesTopology(saying: "barts is not in the topology") })
            try mesh.write([Mesh.barts: .planned, Mesh.kingston: .connected])
            #expect(await eventually { workers[0].refusesTopology(saying: "write status: connected") })
            try FileManager.default.removeItem(atPath: mesh.file)
            #expect(await eventually { workers[0].refusesTopology(saying: "not found") })
            #expect(workers[0].topology.hies.count == 4 && workers[0].links.map(\.name) == ["nel", "swl"])
            try mesh.write(Self.three)
            #expect(await eventually { workers[0].readiness.state == .ready })
        }
    }

    @Test("promise P6: what a planned HIE says early is counted, not parked; its pulse has a changed file looked at")
    func early() async throws {
        let mesh = try await LiveMesh(Self.three)
        let four = Self.three.merging([Mesh.homerton: .connected]) { $1 }
        let theirs = mesh.directory.file("deployed-first.yaml")
        try mesh.write(four, to: theirs)
        try await mesh.declare(theirs)
        // The interval is out of reach: only what arrives has the file looked at.
        try await mesh.run(Mesh.barts, interval: 3_600_000) { barts in
            try await mesh.run(Mesh.homerton, topologyFile: theirs) { homerton in
                _ = try await homerton[0].submit([FHIRFixture.patient("early", number: one)])
                #expect(
                    try await eventually { try await homerton[0].ownRecords.journalState().publishedThrough == 1 })
                #expect(await eventually { barts[0].counters.now.messagesEarly > 2 })
                #expect(barts[0].state(of: Mesh.homerton) == .planned)
                #expect(barts[0].counters.now.parked == [:])
                #expect(try await barts[0].entries(of: one).isEmpty)

                try mesh.write(four)
                #expect(await eventually { barts[0].coverage().first { $0.hie == Mesh.homerton }?.head == 1 })
                _ = try await homerton[0].submit([FHIRFixture.condition("late", of: "early")])
                #expect(
                    try await eventually {
                        try await barts[0].entries(of: one).contains("homerton Condition/late 2")
                    })
                #expect(barts[0].state(of: Mesh.homerton) != .planned && barts[0].counters.now.parked == [:])
            }
        }
    }

    @Test("promise P6: what an HIE says that is in no topology is parked as forged") func stranger() async throws {
        let mesh = try await LiveMesh(Self.three)
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            let session = try await mesh.session("swl")
            let page = JournalPage(
                epoch: workers[1].ownRecords.epoch, after: 0, through: 1, head: 1, changeCount: 0, body: [])
            let now = Timestamp(milliseconds: 0)
            let forged = ChangeBatch.message(source: stranger, page, sentAt: now)
            let early = ChangeBatch.message(source: Mesh.homerton, page, sentAt: now)
            // A planned HIE of another region is no less a stranger on this link.
            for message in [forged.message, early.message] {
                _ = try await session.publishConfirmed(
                    message, exchange: BrokerNames.changesExchange, routingKey: BrokerNames.changeKey(Mesh.kingston))
            }
            await session.close()
            #expect(await eventually { workers[0].counters.now.parked == [.forgedSource: 2] })
            #expect(workers[0].counters.now.messagesEarly == 0)
        }
    }

    @Test("promise P3: an HIE that joins late says of every peer how far its first fill is") func joining() async throws
    {
        let mesh = try await LiveMesh(Self.three)
        try await mesh.run(Mesh.barts) { barts in
            _ = try await barts[0].submit([
                FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p"),
            ])
            #expect(try await eventually { try await barts[0].ownRecords.journalState().publishedThrough == 2 })
            try mesh.write(Self.three.merging([Mesh.homerton: .connected]) { $1 })
            try await mesh.declare()
            try await mesh.run(Mesh.homerton) { homerton in
                #expect(await eventually { homerton[0].state(of: Mesh.barts) == .joining(applied: 0, of: 2) })
            }
        }
    }

    /// Everybody is complete for everybody but those.
    private func expectComplete(_ workers: [Worker], besides planned: Set<HIEIdentifier>) async throws {
        for worker in workers {
            let isComplete = await eventually {
                worker.coverage().allSatisfy { $0.state == .complete || planned.contains($0.hie) }
            }
            #expect(isComplete, "\(worker.hie): \(worker.coverage())")
            #expect(worker.coverage().filter { planned.contains($0.hie) }.allSatisfy { $0.state == .planned })
        }
    }

    /// What the one takes in all others have, and the other way round.
    private func expectExchange(_ one: Worker, _ others: [Worker]) async throws {
        let all = [one] + others
        for worker in all {
            _ = try await worker.submit([FHIRFixture.patient(worker.hie.text, number: self.one)])
        }
        let expected = Set(all.map { "\($0.hie) Patient/\($0.hie) 1" })
        for worker in all {
            #expect(try await eventually { try await worker.entries(of: self.one) == expected }, "\(worker.hie)")
        }
    }
}
