import AMQP
import CareRecord
import Foundation
import LoadTest
import Replication
import Storage
import TestSupport
import Testing
import Worker

/// What is missing or wrong in an index is asked for, over a real broker.
@Suite("Repair over a real broker", .fewAtOnce) struct RepairTests {
    private let one = FHIRFixture.number(1)
    private let two = FHIRFixture.number(2)

    @Test("promise P1: changes that are lost on the way are asked for, and counted") func hole() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts) { barts in
            _ = try await barts[0].submit([FHIRFixture.patient("p", number: one)])
            try await submit(1...60, to: barts[0])
            let isSent = try await eventually { try await barts[0].ownRecords.journalState().publishedThrough == 61 }
            #expect(isSent)
            let purged = try await mesh.withSession {
                try await $0.purgeQueue(BrokerNames.changesQueue(Seat(Mesh.kingston)))
            }
            #expect(purged > 0)
            _ = try await barts[0].submit([FHIRFixture.condition("last", of: "p")])
            try await mesh.run(Mesh.kingston) { kingston in
                let isFilled = try await eventually {
                    try await kingston[0].entries(of: one).count == 62 && kingston[0].isComplete(of: Mesh.barts)
                }
                #expect(isFilled)
                // What was done is counted just after it shows.
                #expect(await eventually { kingston[0].counters.now.changesRepaired == 61 })
                #expect(await eventually { barts[0].counters.now.answersGiven >= 1 })
            }
        }
    }

    @Test("promise P1: of a subscriber that is away for long the queue drops the oldest, and the journal refills it")
    func awayForLong() async throws {
        let broker = try await PrivateBroker.shared()
        let host = try await broker.makeVirtualHost()
        let mesh = try await Mesh(brokerURL: host.url)
        let queue = BrokerNames.changesQueue(Seat(Mesh.kingston))
        // The limit of the topology is a million messages; of two limits the lower one holds.
        try await broker.ctl(
            "set_policy", "-p", host.name, "short", "^\(queue)$", #"{"max-length":3}"#, "--apply-to", "queues")
        try await mesh.run(Mesh.barts) { barts in
            _ = try await barts[0].submit([FHIRFixture.patient("p", number: one)])
            // One message each: what is committed while another is on its way would share a message.
            for number in 1...20 {
                try await submit(number...number, to: barts[0])
                let isSent = try await eventually {
                    try await barts[0].ownRecords.journalState().publishedThrough == UInt64(number) + 1
                }
                #expect(isSent)
            }
            let isShort = try await eventually {
                try await mesh.withSession { try await $0.inspectQueue(queue).messages } <= 3
            }
            #expect(isShort)
            #expect(barts[0].readiness.state == .ready)
            try await mesh.run(Mesh.kingston) { kingston in
                let isFilled = try await eventually {
                    try await kingston[0].entries(of: one).count == 21
                        && kingston[0].coverageBoard.progress(of: Mesh.barts)?.applied.watermark == 21
                }
                #expect(isFilled)
                // What the broker dropped is kept as well, with its cause.
                #expect(await eventually { (kingston[0].counters.now.parked[.lengthLimit] ?? 0) > 0 })
                #expect(Set(kingston[0].counters.now.parked.keys) == [.lengthLimit])
                // What has come from the source itself needs nobody any more.
                #expect(await eventually { kingston[0].isComplete(of: Mesh.barts) })
            }
        }
    }

    @Test("promises P1 and P7: whoever joins late fills its index from the journals of the others") func join()
        async throws
    {
        let mesh = try await Mesh()
        _ = try await mesh.withSession { try await $0.deleteQueue(BrokerNames.changesQueue(Seat(Mesh.kingston))) }
        // Small answers, so that several are needed.
        let few = { (settings: inout WorkerSettings) in settings.answerChangesMax = 25 }
        try await mesh.run(Mesh.barts, Mesh.homerton, change: few) { workers in
            for worker in workers {
                _ = try await worker.submit([FHIRFixture.patient("p", number: one)])
                try await submit(1...100, to: worker)
                let isSent = try await eventually { try await worker.ownRecords.journalState().publishedThrough == 101 }
                #expect(isSent)
            }
            try await mesh.declare()
            try await mesh.run(Mesh.kingston) { kingston in
                let isFilled = try await eventually {
                    try await kingston[0].entries(of: one).count == 202
                        && kingston[0].isComplete(of: Mesh.barts, Mesh.homerton)
                }
                #expect(isFilled)
                #expect(await eventually { kingston[0].counters.now.pagesApplied >= 10 })
            }
        }
    }

    @Test("promise P7: a deleted index fills again, own changes included") func deletedIndex() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts) { barts in
            _ = try await barts[0].submit([FHIRFixture.patient("p", number: one)])
            try await submit(1...40, to: barts[0])
            try await mesh.run(Mesh.kingston) { kingston in
                _ = try await kingston[0].submit([FHIRFixture.patient("k", number: one)])
                #expect(try await eventually { try await kingston[0].entries(of: one).count == 42 })
            }
            for end in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: mesh.directory.file("kingston/index.sqlite\(end)"))
            }
            try await mesh.run(Mesh.kingston) { kingston in
                let isFilled = try await eventually {
                    try await kingston[0].entries(of: one).count == 42
                        && kingston[0].isComplete(of: Mesh.barts, Mesh.kingston)
                }
                #expect(isFilled)
            }
        }
    }

    private func submit(_ numbers: ClosedRange<Int>, to worker: Worker) async throws {
        for number in numbers {
            _ = try await worker.submit([FHIRFixture.condition("c\(number)", of: "p")])
        }
    }
}
