import AMQP
import CareRecord
import Foundation
import Replication
import Storage
import TestSupport
import Testing
import Worker

/// A source whose journal goes back or begins again is found out, says why, and its subscribers end with what it has.
@Suite("Epochs over a real broker", .fewAtOnce) struct EpochTests {
    private let one = FHIRFixture.number(1)

    @Test("promise P2: a source on a new disk replaces what its subscribers hold of it, and nothing else")
    func newDisk()
        async throws
    {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.kingston) { kingston in
            try await mesh.run(Mesh.barts) { try await begin($0[0], kingston[0]) }
            try remove("barts", mesh)
            try await mesh.run(Mesh.barts) { barts in
                _ = try await barts[0].submit([FHIRFixture.patient("p", number: one)])
                let isReplaced = try await eventually {
                    try await kingston[0].entries(of: one) == ["barts Patient/p 1"]
                        && kingston[0].isComplete(of: Mesh.barts)
                }
                #expect(isReplaced)
                let verdicts = await kingston[0].verifyIndex()
                #expect(verdicts[Mesh.barts] == .equal)
            }
        }
    }

    @Test("promise P2: a source restored from a backup begins an epoch on a subscriber's word, and says why")
    func restored() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.kingston) { kingston in
            try await mesh.run(Mesh.barts) { barts in
                _ = try await barts[0].submit([
                    FHIRFixture.patient("p", number: one), FHIRFixture.condition("kept", of: "p"),
                ])
                try await mesh.sqlite(Mesh.barts, "records.sqlite", "VACUUM INTO '\(mesh.directory.file("backup"))'")
                for number in 1...10 {
                    _ = try await barts[0].submit([FHIRFixture.condition("lost\(number)", of: "p")])
                }
                #expect(try await eventually { try await kingston[0].entries(of: one).count == 12 })
                #expect(await eventually { kingston[0].isComplete(of: Mesh.barts) })
            }
            // The index goes too, so that nobody but the subscriber knows.
            try remove("barts", mesh)
            try FileManager.default.createDirectory(
                atPath: mesh.directory.file("barts"), withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: mesh.directory.file("backup"), toPath: mesh.directory.file("barts/records.sqlite"))
            try await mesh.run(Mesh.barts) { barts in
                let isEqual = try await eventually {
                    try await kingston[0].entries(of: one) == ["barts Patient/p 1", "barts Condition/kept 2"]
                        && kingston[0].isComplete(of: Mesh.barts)
                }
                #expect(isEqual)
                #expect(barts[0].counters.now.epochsBegun == 1)
                let notice = try await barts[0].ownRecords.epochNotice()
                #expect(notice?.reason.contains("restored from an older copy") == true)
                // It goes on from there, its own index too.
                _ = try await barts[0].submit([FHIRFixture.condition("after", of: "p")])
                #expect(try await eventually { try await kingston[0].entries(of: one).count == 3 })
                #expect(try await eventually { try await barts[0].entries(of: one).count == 3 })
                #expect(await eventually { barts[0].isComplete(of: Mesh.barts) })
            }
        }
    }

    @Test("promise P2: a source restored from a backup whose own index is older than nobody's finds out by itself")
    func restoredWithIndex() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.kingston) { kingston in
            try await mesh.run(Mesh.barts) { barts in
                _ = try await barts[0].submit([FHIRFixture.patient("p", number: one)])
                try await mesh.sqlite(Mesh.barts, "records.sqlite", "VACUUM INTO '\(mesh.directory.file("backup"))'")
                _ = try await barts[0].submit([FHIRFixture.condition("lost", of: "p")])
                #expect(try await eventually { try await kingston[0].entries(of: one).count == 2 })
                #expect(try await eventually { try await barts[0].entries(of: one).count == 2 })
            }
            for end in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: mesh.directory.file("barts/records.sqlite\(end)"))
            }
            try FileManager.default.copyItem(
                atPath: mesh.directory.file("backup"), toPath: mesh.directory.file("barts/records.sqlite"))
            try await mesh.run(Mesh.barts) { barts in
                for worker in [barts[0], kingston[0]] {
                    let isEqual = try await eventually {
                        try await worker.entries(of: one) == ["barts Patient/p 1"]
                            && worker.isComplete(of: Mesh.barts)
                    }
                    #expect(isEqual)
                }
                #expect(try await barts[0].ownRecords.epochNotice() != nil)
            }
        }
    }

    private func begin(_ barts: Worker, _ kingston: Worker) async throws {
        _ = try await barts.submit([FHIRFixture.patient("p", number: one), FHIRFixture.condition("c", of: "p")])
        #expect(try await eventually { try await kingston.entries(of: one).count == 2 })
        #expect(await eventually { kingston.isComplete(of: Mesh.barts) })
    }

    private func remove(_ hie: String, _ mesh: Mesh) throws {
        try FileManager.default.removeItem(atPath: mesh.directory.file(hie))
    }
}
