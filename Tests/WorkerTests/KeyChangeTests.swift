import CareRecord
import Foundation
import Keys
import TestSupport
import Testing
import Worker

/// Workers that go on running while their certificates change.
@Suite("Certificates that change", .fewAtOnce) struct KeyChangeTests {
    private let one = FHIRFixture.number(1)

    @Test(
        "promise P1: a renewed certificate is taken up by every connection of a worker that runs, and nothing is lost")
    func renewed() async throws {
        let mesh = try await KeyMesh()
        try await mesh.run(Mesh.barts, Mesh.homerton) { workers in
            try await expectComplete(workers)
            let before = try await mesh.times(Mesh.barts)
            #expect(before.count == 4 && Set(before).count == 1, "\(before)")
            let others = try await mesh.times(Mesh.homerton)
            _ = try await workers[0].submit([FHIRFixture.patient("barts", number: one)])
            let feed = Task {  // changes keep coming while connections are replaced
                for number in 0..<60 {
                    _ = try await workers[0].submit([FHIRFixture.condition("c\(number)", of: "barts")])
                    try await Task.sleep(for: .milliseconds(20))  // a stream of changes, not a burst
                }
            }
            // The directory has certificates of others, which end later.
            _ = try mesh.room.renew(
                .endingWithin(milliseconds: 60 * KeyRoom.day), keys: .made, days: 200, at: KeyRoom.present())
            #expect(
                try await eventually {
                    let now = try await mesh.times(Mesh.barts)
                    return now.count == 4 && Set(now).count == 1 && now != before
                })
            try await feed.value
            #expect(try await eventually { try await workers[1].entries(of: one).count == 61 })
            #expect(try await mesh.times(Mesh.homerton) == others, "nobody else reconnects")
            #expect(workers.allSatisfy { $0.readiness.state == .ready && $0.counters.now.reconnects == 0 })
            #expect(workers[0].keys.certificates.first?.facts?.daysLeft(at: KeyRoom.present()) == 199)
        }
        try await mesh.stop()
    }

    @Test("a key without its certificate leaves the connections as they are, says so, and counts once both are there")
    func halfWritten() async throws {
        let (mesh, later) = (try await KeyMesh(), try KeyRoom())
        try await mesh.run(Mesh.barts, Mesh.homerton) { workers in
            try await expectComplete(workers)
            let before = try await mesh.times(Mesh.barts)
            try later.write(try mesh.room.text("ca.pem"), "ca.pem")
            try later.write(try mesh.room.text("ca.key"), "ca.key")
            try later.issue(.hie(Mesh.barts), days: 200, at: KeyRoom.present())
            try mesh.room.write(try later.text("hies/barts.key"), "hies/barts.key")
            #expect(
                await eventually {
                    workers[0].readiness.reasons.contains {
                        $0.part == "keys" && $0.reason.contains("barts.key does not belong")
                    }
                })
            #expect(try await mesh.times(Mesh.barts) == before)
            _ = try await workers[0].submit([
                FHIRFixture.patient("barts", number: one), FHIRFixture.condition("meanwhile", of: "barts"),
            ])
            #expect(try await eventually { try await workers[1].entries(of: one).count == 2 })
            try mesh.room.write(try later.text("hies/barts.pem"), "hies/barts.pem")
            #expect(
                try await eventually {
                    let now = try await mesh.times(Mesh.barts)
                    return now.count == 4 && Set(now).isDisjoint(with: before)
                })
            #expect(await eventually { workers[0].readiness.state == .ready })
        }
        try await mesh.stop()
    }

    @Test("a worker whose certificate has ended starts, says so, and goes on by itself when there is another")
    func expired() async throws {
        let mesh = try await KeyMesh()
        try mesh.room.remove("hies/barts.pem")
        try mesh.room.issue(.hie(Mesh.barts), at: KeyRoom.present(days: -95))
        try await mesh.run(Mesh.barts, Mesh.homerton) { workers in
            #expect(
                await eventually {
                    workers[0].brokers.all.contains { $0.state == .down && $0.reason?.contains("expired on") == true }
                })
            #expect(workers[0].brokers.all.first?.reason?.contains("barts.pem") == true)
            #expect(workers[0].keys.certificates.map { $0.state(at: KeyRoom.present()) } == [.expired, .valid])
            try mesh.room.issue(.hie(Mesh.barts), at: KeyRoom.present())
            try await expectComplete(workers)
        }
        try await mesh.stop()
    }

    @Test("a worker with the certificate of another HIE does not start, and one that it is given later is not used")
    func foreign() async throws {
        let mesh = try await KeyMesh()
        let error = await #expect(throws: WorkerError.self) {
            _ = try await mesh.worker(mesh.settings(Mesh.barts, certificate: Mesh.homerton))
        }
        #expect(error?.code == .foreignCertificate && error?.reason.contains("homerton.pem") == true)
        try await mesh.run(Mesh.barts, Mesh.homerton) { workers in
            try await expectComplete(workers)
            for ending in ["key", "pem"] {
                try mesh.room.write(try mesh.room.text("hies/homerton.\(ending)"), "hies/barts.\(ending)")
            }
            #expect(
                await eventually {
                    workers[0].readiness.reasons.contains { $0.part == "keys" && $0.reason.contains("not of barts") }
                })
            #expect(try await mesh.times(Mesh.barts).count == 4)
        }
        try await mesh.stop()
    }

    private func expectComplete(_ workers: [Worker]) async throws {
        #expect(
            await eventually {
                workers.allSatisfy { $0.readiness.state == .ready && $0.isComplete(of: Mesh.barts, Mesh.homerton) }
            })
    }
}
