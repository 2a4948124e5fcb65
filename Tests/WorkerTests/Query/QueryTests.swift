import AMQP
import CareRecord
import Replication
import Storage
import TestSupport
import Testing
import Topology

@testable import Worker

/// Queries over a real broker, against real workers.
@Suite("Queries over a real broker", .fewAtOnce) struct QueryTests {
    private let one = FHIRFixture.number(1)
    private let two = FHIRFixture.number(2)

    @Test("promise P3: the resources of those who hold some come, and every HIE of the topology has its state")
    func whole() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.homerton, Mesh.kingston) { workers in
            for (worker, id) in zip(workers, ["b", "h"]) {
                _ = try await worker.submit([
                    FHIRFixture.patient(id, number: one), FHIRFixture.condition("c", of: id),
                    FHIRFixture.patient("other", number: two), FHIRFixture.condition("o", of: "other"),
                ])
            }
            try await settle(workers, one, 4)
            let result = try await workers[2].result(of: one)
            #expect(
                result.references == [
                    "barts Patient/b", "barts Condition/c", "homerton Patient/h", "homerton Condition/c",
                ])
            #expect(result.sortedAnswers.map(\.hie) == workers[2].topology.hies.map(\.id))
            #expect(result.answer(Mesh.barts)?.state == .answered)
            #expect(result.answer(Mesh.barts)?.count == 2)
            #expect(result.answer(Mesh.barts)?.asOf != nil)
            #expect(result.answer(Mesh.kingston)?.state == .nothingHeld)
            #expect(result.answer(Mesh.kingston)?.asOf != nil)
            #expect(result.answer(Mesh.imperial)?.state == .skipped)
            #expect(result.answer(Mesh.imperial)?.cause == .planned)
            // Own resources need no broker.
            let own = try await workers[0].result(of: one)
            #expect(own.references == result.references)
            // The body is what the source stores.
            let key = ResourceKey(type: "Condition", id: "c")!  // a well-formed constant
            let stored = try await workers[0].ownRecords.resource(key)
            #expect(result.resources.contains { $0.source == Mesh.barts && $0.resource.body == stored?.body })
            try await expectNothingLeft(workers)
        }
    }

    @Test("only those who hold something of the wanted categories are asked; nobody holds an unknown patient")
    func whoIsAsked() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.homerton, Mesh.kingston) { workers in
            _ = try await workers[0].submit([
                FHIRFixture.patient("b", number: one), FHIRFixture.condition("c", of: "b"),
            ])
            _ = try await workers[1].submit([FHIRFixture.patient("h", number: one)])
            try await settle(workers, one, 3)
            let conditions = try await workers[2].result(of: one, [.condition])
            #expect(conditions.references == ["barts Condition/c"])
            #expect(conditions.answer(Mesh.homerton)?.state == .nothingHeld)
            let asked = workers[2].counters.now.questionsAsked
            let nobody = try await workers[2].result(of: two)
            #expect(nobody.resources.isEmpty)
            #expect(nobody.answers.filter { $0.hie != Mesh.imperial }.allSatisfy { $0.state == .nothingHeld })
            #expect(workers[2].counters.now.questionsAsked == asked)
        }
    }

    @Test("an HIE of which the index is not complete is asked too, and the answer says why") func inDoubt() async throws
    {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.kingston) { workers in
            let kingston = workers[0]
            #expect(await eventually { kingston.questioner.correspondence.openCount == 0 })
            try await FakePeer.run(in: mesh) { question in
                guard case .record = question.subject else { return [] }
                return [FakePeer.reply(.record(FakePeer.page(0, last: true, of: FHIRFixture.number(1))), to: question)]
            } _: {
                #expect(await eventually { kingston.readiness.state == .ready })
                let result = try await kingston.result(of: one, deadline: 3000)
                #expect(result.references == ["homerton Condition/c0"])
                #expect(result.answer(Mesh.homerton)?.reason == "asked because the index is silent")
            }
        }
    }

    @Test("a record goes in pages of bounded bytes; what is too large or more than the limit makes it partial")
    func pages() async throws {
        let mesh = try await Mesh()
        let change = { (settings: inout WorkerSettings) in
            settings.recordPageBytesMax = 500
            settings.recordResourceBytesMax = 1000
        }
        try await mesh.run(Mesh.barts, Mesh.kingston, change: change) { workers in
            let conditions = (1...40).map { FHIRFixture.condition("c\($0)", of: "b") }
            _ = try await workers[0].submit([FHIRFixture.patient("b", number: one)] + conditions)
            try await settle(workers, one, 41)
            var result = try await workers[1].result(of: one)
            #expect(result.answer(Mesh.barts)?.state == .answered)
            #expect(result.resources.count == 41)
            #expect(await eventually { workers[0].counters.now.answersGiven > 10 })
            result = try await workers[1].result(of: one, limit: 7)
            #expect(result.answer(Mesh.barts)?.state == .partial && result.resources.count == 7)
            #expect(result.answer(Mesh.barts)?.reason == "it holds more than 7")
            let moment = workers[0].clock.now
            let long = String(repeating: "x", count: 1100)
            _ = try await workers[0].submit([
                FHIRFixture.condition("big", of: "b", display: long), FHIRFixture.condition("new", of: "b"),
            ])
            result = try await workers[1].result(of: one, since: moment)
            #expect(result.references == ["barts Condition/new"])
            #expect(result.answer(Mesh.barts)?.state == .partial)
            #expect(result.answer(Mesh.barts)?.reason == "1 resources are too large to be sent")
            try await expectNothingLeft(workers)
        }
    }

    @Test("promise P8: who asks and who is asked write it down before anything is shown") func trail() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            _ = try await workers[0].submit([FHIRFixture.patient("b", number: one)])
            try await settle(workers, one, 1)
            let requester = Requester(person: "A", role: "B", organisation: "C", purpose: "D")!  // a well-formed one
            let query = Query(RecordRequest(patient: one, requester: requester), deadlineMilliseconds: 5000)
            try await workers[1].query(query) { event in
                guard case .resources = event else { return }
                let read = try await workers[0].audit.counts(of: [.recordRead])[.recordRead]
                let asked = try await workers[1].audit.counts(of: [.recordAsked])[.recordAsked]
                #expect(read == 1 && asked == 1)
            }
            let said = try await mesh.sqlite(
                Mesh.barts, "audit.sqlite", "SELECT kind, hie, patient, requester, detail FROM event")
            #expect(
                said == "record-read|kingston|\(one.value)|"
                    + #"{"person":"A","role":"B","organisation":"C","purpose":"D"}|everything"# + "\n")
            #expect(try await workers[1].audit.firstBroken() == nil)
        }
    }

    @Test("promise P5: a peer that does not answer costs its deadline until its breaker opens, and then nothing")
    func breakers() async throws {
        let mesh = try await Mesh()
        let change = { @Sendable (settings: inout WorkerSettings) in
            settings.breaker.slowAfterMilliseconds = 1000
            settings.breaker.slowMax = .max
            settings.breaker.openMilliseconds = 300
        }
        try await mesh.run(Mesh.barts, Mesh.kingston, change: change) { workers in
            _ = try await workers[0].submit([FHIRFixture.patient("b", number: one)])
            try await settle(workers, one, 1)
            // homerton has a queue and no worker. The deadline leaves barts time on a machine that is full.
            for _ in 0..<3 {
                let result = try await workers[1].result(of: one, deadline: 5000)
                #expect(result.answer(Mesh.barts)?.state == .answered)
                #expect(result.answer(Mesh.homerton)?.state == .timedOut)
                #expect((result.answer(Mesh.homerton)?.milliseconds ?? 0) >= 1000)
            }
            let skipped = try await workers[1].result(of: one, deadline: 10_000)
            #expect(skipped.answer(Mesh.homerton)?.state == .skipped)
            #expect(skipped.answer(Mesh.homerton)?.reason?.hasPrefix("breaker open since 20") == true)
            #expect(skipped.answer(Mesh.barts)?.state == .answered)
            try await mesh.run(Mesh.homerton, change: change) { _ in
                #expect(
                    await eventually {
                        if case .halfOpen = workers[1].breakers.state(of: Mesh.homerton) { true } else { false }
                    })
                #expect(
                    try await eventually {
                        let answer = try await workers[1].result(of: one).answer(Mesh.homerton)
                        return answer?.state == .answered || answer?.state == .nothingHeld
                    })
                #expect(await eventually { workers[1].isComplete(of: Mesh.homerton) })
                _ = try await workers[1].result(of: one)
            }
            try await expectNothingLeft(workers)
        }
    }

    /// Until every worker has so many entries of the patient and everybody who runs is complete.
    private func settle(_ workers: [Worker], _ patient: NHSNumber, _ count: Int) async throws {
        let hies = workers.map(\.hie)
        for worker in workers {
            #expect(try await eventually { try await worker.entries(of: patient).count == count })
            #expect(await eventually { hies.allSatisfy { worker.isComplete(of: $0) } })
        }
    }
}

/// No question is open and no memory taken.
func expectNothingLeft(_ workers: [Worker], _ location: SourceLocation = #_sourceLocation) async throws {
    for worker in workers {
        #expect(
            await eventually { worker.questioner.correspondence.openCount == 0 }, sourceLocation: location)
        #expect(worker.queries.budget.takenBytes == 0, sourceLocation: location)
    }
}
