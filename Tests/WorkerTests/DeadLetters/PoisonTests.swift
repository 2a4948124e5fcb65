import AMQP
import CareRecord
import Foundation
import Replication
import Storage
import TestSupport
import Testing
import Worker

/// A message that earlier runs of a worker did not survive. Those runs are stood in for by what they leave behind: attempts
/// in the file, and the broker's own count of deliveries that nobody acknowledged.
@Suite("A message that ends the worker", .fewAtOnce) struct PoisonTests {
    private static let queue = BrokerNames.changesQueue(Seat(Mesh.kingston))

    /// Three messages of barts for kingston, of a change each, that were delivered in vain twice.
    private func deliverInVain(_ mesh: Mesh) async throws -> [Delivery] {
        try await mesh.run(Mesh.barts, change: { $0.outbox.batchChangesMax = 1 }) { workers in
            for number in Int64(1)...3 {
                _ = try await workers[0].submit([
                    FHIRFixture.patient("p\(number)", number: FHIRFixture.number(number))
                ])
            }
            try await expectMessages(3, mesh)
        }
        return try await takeInVain(3, from: Self.queue, mesh)
    }

    private func expectMessages(_ count: UInt32, _ mesh: Mesh) async throws {
        try await mesh.withSession { session in
            let isSo = try await eventually { try await session.inspectQueue(Self.queue).messages == count }
            #expect(isSo)
        }
    }

    private func takeInVain(_ count: Int, from queue: String, _ mesh: Mesh) async throws -> [Delivery] {
        var taken: [Delivery] = []
        for _ in 1...2 {
            taken = try await mesh.withSession { session in
                let consumer = try await session.consume(queue, prefetchMax: 10)
                var taken: [Delivery] = []
                while taken.count < count { taken += try await consumer.next(max: 10) }
                return taken
            }
        }
        return taken
    }

    /// What so many runs of kingston leave that ended while they read it.
    private func leaveAttempts(_ runs: Int, on letter: LetterIdentity?, _ mesh: Mesh) async throws {
        let letter = try #require(letter)
        let directory = mesh.directory.file("kingston")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let store = try DeadLetterStore(path: directory + "/deadletters.sqlite")
        for run in 1...runs {
            _ = try await store.noteAttempt(on: letter, run: "earlier-\(run)", now: WallClock.system.now)
        }
    }

    private func attempts(_ mesh: Mesh) async throws -> Int {
        let rows = try await mesh.sqlite(Mesh.kingston, "deadletters.sqlite", "SELECT count(*) FROM attempt")
        return Int(rows.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }

    private func entries(_ worker: Worker) async throws -> Set<String> {
        var all: Set<String> = []
        for number in Int64(1)...3 { all.formUnion(try await worker.entries(of: FHIRFixture.number(number))) }
        return all
    }

    @Test("promise P6: a message that two runs did not survive is parked unread, and its neighbours are applied")
    func parked() async throws {
        let mesh = try await Mesh()
        let deliveries = try await deliverInVain(mesh)
        try await leaveAttempts(2, on: LetterIdentity(unread: deliveries[1]), mesh)
        try await mesh.run(Mesh.kingston) { workers in
            #expect(
                try await eventually {
                    try await entries(workers[0]) == ["barts Patient/p1 1", "barts Patient/p3 3"]
                })
            try await expectMessages(0, mesh)
            #expect(workers[0].counters.now.parked == [.applicationFailed: 1])
            #expect(workers[0].counters.now.messagesSuspicious == 3)
        }
        let letter = try #require(try await mesh.letters(Mesh.kingston).first)
        #expect(letter.messageID == deliveries[1].message.messageID && letter.source == nil)
        #expect(letter.queue == Self.queue && letter.routingKey == "change.barts")
        #expect(letter.body == deliveries[1].message.body.map { String(format: "%02x", $0) }.joined())
        #expect(letter.detail.contains("ended 2 times"))
        #expect(try await attempts(mesh) == 0)
    }

    @Test("a message that one run did not survive is read again, and what went well is forgotten") func tried()
        async throws
    {
        let mesh = try await Mesh()
        let deliveries = try await deliverInVain(mesh)
        try await leaveAttempts(1, on: LetterIdentity(unread: deliveries[1]), mesh)
        try await mesh.run(Mesh.kingston) { workers in
            #expect(try await eventually { try await entries(workers[0]).count == 3 })
            try await expectMessages(0, mesh)
            #expect(workers[0].counters.now.parked == [:])
        }
        #expect(try await attempts(mesh) == 0)
    }

    @Test("promise P6: an outage leaves no attempt behind, however often a worker is killed meanwhile") func outage()
        async throws
    {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.kingston) { _ in }
        let trigger = "CREATE TRIGGER no BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'no'); END"
        try await mesh.sqlite(Mesh.kingston, "index.sqlite", trigger)
        _ = try await deliverInVain(mesh)
        try await mesh.run(Mesh.kingston) { workers in
            #expect(await eventually { workers[0].readiness.reasons.contains { $0.part == "intake" } })
            #expect(workers[0].counters.now.messagesSuspicious == 1)
            #expect(try await eventually { try await attempts(mesh) == 0 })
            #expect(workers[0].counters.now.parked == [:])
            try await mesh.sqlite(Mesh.kingston, "index.sqlite", "DROP TRIGGER no")
            #expect(try await eventually { try await entries(workers[0]).count == 3 })
        }
    }

    @Test("a dead letter of the broker that two runs did not survive is parked unread") func drained() async throws {
        let mesh = try await Mesh()
        let queue = BrokerNames.deadQueue(Seat(Mesh.kingston))
        try await mesh.withSession { session in
            for number in UInt8(1)...2 {
                _ = try await session.publishConfirmed(
                    Message(body: [number], messageID: "\(number)"), exchange: BrokerNames.deadExchange,
                    routingKey: "kingston")
            }
        }
        let deliveries = try await takeInVain(2, from: queue, mesh)
        try await leaveAttempts(2, on: LetterIdentity(unread: deliveries[0]), mesh)
        try await mesh.run(Mesh.kingston) { workers in
            #expect(await eventually { workers[0].counters.now.messagesDrained == 2 })
        }
        let letters = try await mesh.letters(Mesh.kingston)
        #expect(letters.map(\.cause) == ["application-failed", "rejected"])
        #expect(letters.map(\.queue) == [queue, queue])
        #expect(try await attempts(mesh) == 0)
    }

    @Test("a page of a journal that two runs did not survive is not read; its source stays behind, the others do not")
    func page() async throws {
        let mesh = try await Mesh()
        let epoch = try await mesh.run(Mesh.barts) { workers in
            _ = try await workers[0].submit([FHIRFixture.patient("p1", number: FHIRFixture.number(1))])
            try await expectMessages(1, mesh)
            return workers[0].ownRecords.epoch
        }
        try await mesh.withSession { _ = try await $0.purgeQueue(Self.queue) }
        var page = Message(body: [])
        page.type = MessageHeader.Kind.changesPage.rawValue
        page.appID = Mesh.barts.text
        page.headers = [HeaderName.epoch: .string(epoch.text), HeaderName.after: 0]
        let delivery = Delivery(
            message: page, tag: DeliveryTag(number: 1), isRedelivered: false, exchange: "", routingKey: "")
        try await leaveAttempts(2, on: LetterIdentity(page: delivery), mesh)
        try await mesh.run(Mesh.barts, Mesh.homerton, Mesh.kingston) { workers in
            _ = try await workers[1].submit([FHIRFixture.patient("h", number: FHIRFixture.number(1))])
            let isSaid = await eventually {
                workers[2].coverageBoard.repairs[Mesh.barts]?.contains("ended 2 times") == true
            }
            #expect(isSaid)
            #expect(await eventually { workers[2].isComplete(of: Mesh.homerton) })
            #expect(!workers[2].isComplete(of: Mesh.barts))
            #expect(try await entries(workers[2]) == ["homerton Patient/h 1"])
        }
    }
}
