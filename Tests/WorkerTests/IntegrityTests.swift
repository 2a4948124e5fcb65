import CareRecord
import Foundation
import LoadTest
import Replication
import Storage
import TestSupport
import Testing
import Worker

/// An index that is wrong, or not there any more, is found out and put right by itself.
@Suite("An index's integrity over a real broker", .fewAtOnce) struct IntegrityTests {
    private let one = FHIRFixture.number(1)
    private let two = FHIRFixture.number(2)

    /// What a stranger's hand does to the index of kingston. Its source 'barts' has Condition/c1 … c20 of the patient.
    private static let damages: [(name: String, sql: String)] = [
        ("content", "UPDATE entry SET display = 'Other' WHERE id = 'c7'"),
        ("number", "UPDATE entry SET seq = seq + 1000 WHERE id = 'c7'"),
        ("a deleted row", "DELETE FROM entry WHERE id = 'c7'"),
        ("the patient", "UPDATE entry SET patient = 9990000026 WHERE id = 'c7'"),
        (
            "a ghost row",
            """
            INSERT INTO entry SELECT patient, source, type, 'ghost', seq, hash, category, code, system, display,
            status, date, demographics, family, given, birthDate, gender FROM entry WHERE id = 'c7'
            """
        ),
        (
            "a ghost row above everything",
            """
            INSERT INTO entry SELECT patient, source, type, 'ghost', 5000, hash, category, code, system, display,
            status, date, demographics, family, given, birthDate, gender FROM entry WHERE id = 'c7'
            """
        ),
        ("a name to search by", "UPDATE entry SET family = 'other' WHERE type = 'Patient'"),
        ("an unknown category", "UPDATE entry SET category = 'nonsense' WHERE id = 'c7'"),
    ]

    @Test("rows changed behind the index's back are found, mended and counted", arguments: damages.map(\.name))
    func damaged(name: String) async throws {
        let damage = try #require(Self.damages.first { $0.name == name })
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.kingston, change: { $0.auditIntervalSeconds = 1 }) { workers in
            _ = try await workers[0].submit([FHIRFixture.patient("p", number: one)])
            for number in 1...20 {
                _ = try await workers[0].submit([FHIRFixture.condition("c\(number)", of: "p")])
            }
            #expect(try await eventually { try await workers[1].entries(of: one).count == 21 })
            #expect(await eventually { workers[1].isComplete(of: Mesh.barts) })
            let before = try await sound(mesh)
            try await mesh.sqlite(Mesh.kingston, "index.sqlite", damage.sql)
            #expect(await eventually { hasMended(workers[1]) })
            #expect(try await sound(mesh) == before)
            let counters = workers[1].counters.now
            #expect(counters.divergences > 0)
            #expect(counters.bucketsCorrected > 0)
            let verdicts = await workers[1].verifyIndex()
            #expect(verdicts[Mesh.barts] == .equal)
        }
    }

    private func hasMended(_ worker: Worker) -> Bool {
        let rows = worker.counters.now.rowsMended
        return rows > 0 && worker.isComplete(of: Mesh.barts)
    }

    @Test("own rows that were changed are mended from the own journal") func ownRows() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, change: { $0.auditIntervalSeconds = 1 }) { workers in
            _ = try await workers[0].submit([
                FHIRFixture.patient("p", number: one), FHIRFixture.condition("c7", of: "p"),
            ])
            #expect(await eventually { workers[0].isComplete(of: Mesh.barts) })
            try await mesh.sqlite(Mesh.barts, "index.sqlite", "DELETE FROM entry WHERE id = 'c7'")
            let isMended = try await eventually {
                try await workers[0].entries(of: one) == ["barts Patient/p 1", "barts Condition/c7 2"]
            }
            #expect(isMended)
            #expect(await eventually { workers[0].counters.now.rowsMended == 1 })
        }
    }

    @Test("promise P7: an unsound index is set aside and fills again while the worker runs") func unsound()
        async throws
    {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            try await fill(workers, mesh)
            try await mesh.sqlite(Mesh.kingston, "index.sqlite", "PRAGMA wal_checkpoint(TRUNCATE)")
            try overwritePages(of: mesh.directory.file("kingston/index.sqlite"))
            // The page cache of a connection that only reads is small: lookups meet the garbage.
            let isFound = await eventually {
                _ = try? await workers[1].lookup(one)
                _ = try? await workers[1].submit([FHIRFixture.condition("k\(Int.random(in: 0...999))", of: "k")])
                return workers[1].counters.now.indexRebuilds > 0
            }
            #expect(isFound)
            try await expectFilled(workers)
            #expect(workers[1].counters.now.indexRebuilds == 1)
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: mesh.directory.file("kingston"))
        #expect(files.contains("index.sqlite.unsound-1"))
    }

    @Test("promise P7: an index that is deleted while the worker runs is begun anew and fills again") func deleted()
        async throws
    {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            try await fill(workers, mesh)
            try FileManager.default.removeItem(atPath: mesh.directory.file("kingston/index.sqlite"))
            #expect(await eventually { workers[1].counters.now.indexRebuilds == 1 })
            try await expectFilled(workers)
        }
    }

    @Test("an index is rebuilt on request, whatever comes in meanwhile") func rebuilt() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            try await fill(workers, mesh)
            try await workers[1].rebuildIndex()
            _ = try await workers[0].submit([FHIRFixture.condition("later", of: "p")])
            let isFilled = try await eventually {
                try await workers[1].entries(of: one).count == 43
                    && workers[1].isComplete(of: Mesh.barts, Mesh.kingston)
            }
            #expect(isFilled)
            #expect(workers[1].counters.now.indexRebuilds == 1)
            let verdicts = await workers[1].verifyIndex()
            #expect(verdicts[Mesh.barts] == .equal)
            #expect(verdicts[Mesh.kingston] == .equal)
            #expect(verdicts[Mesh.homerton] == .unknown(reason: "no answer within 2000 ms"))
        }
    }

    @Test("promise P6: a locked index pauses what needs it, says so, parks nothing, and goes on") func locked()
        async throws
    {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            try await fill(workers, mesh)
            let lock = try await SQLiteLock(mesh.directory.file("kingston/index.sqlite"))
            _ = try await workers[0].submit([FHIRFixture.condition("later", of: "p")])
            let isPaused = await eventually {
                workers[1].readiness.state == .degraded
                    && workers[1].readiness.reasons.contains { $0.part == "intake" && $0.reason.contains("locked") }
            }
            #expect(isPaused)
            // Lookups read on, and say that something is missing.
            #expect(try await workers[1].entries(of: one).count == 42)
            await lock.release()
            #expect(try await eventually { try await workers[1].entries(of: one).count == 43 })
            #expect(await eventually { workers[1].readiness.state == .ready })
            #expect(workers[1].counters.now.parked == [:])
        }
    }

    /// Everything that a lookup can show of barts at kingston.
    private func sound(_ mesh: Mesh) async throws -> String {
        try await mesh.sqlite(
            Mesh.kingston, "index.sqlite",
            """
            SELECT patient, type, entry.id, seq, entry.hash, category, code, system, display, status, date
            FROM entry JOIN source ON source.id = entry.source WHERE hie = 'barts' ORDER BY 1, 2, 3
            """)
    }

    private func fill(_ workers: [Worker], _ mesh: Mesh) async throws {
        _ = try await workers[0].submit([FHIRFixture.patient("p", number: one)])
        for number in 1...40 {
            _ = try await workers[0].submit([
                FHIRFixture.condition("c\(number)", of: "p", display: String(repeating: "Long words ", count: 20))
            ])
        }
        _ = try await workers[1].submit([FHIRFixture.patient("k", number: one)])
        try await expectFilled(workers)
    }

    private func expectFilled(_ workers: [Worker]) async throws {
        let isFilled = try await eventually {
            let entries = try await workers[1].entries(of: one)
            return entries.isSuperset(of: ["barts Patient/p 1", "barts Condition/c40 41", "kingston Patient/k 1"])
                && entries.count >= 42 && workers[1].isComplete(of: Mesh.barts, Mesh.kingston)
        }
        #expect(isFilled)
    }

    /// Leaves the file's first page, without which it would be no database at all.
    private func overwritePages(of path: String) throws {
        let file = try FileHandle(forUpdating: URL(filePath: path))
        let size = try file.seekToEnd()
        try file.seek(toOffset: 4096)
        try file.write(contentsOf: Data(repeating: 0xA5, count: Int(size) - 4096))
        try file.close()
    }
}

/// Another process that writes to a database and does not come to an end.
private struct SQLiteLock {
    private let process: ChildProcess
    private let input = Pipe()
    private let directory: TemporaryDirectory

    init(_ path: String) async throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        process = try ChildProcess(
            "/usr/bin/sqlite3", [path], input: .descriptor(input.fileHandleForReading.fileDescriptor),
            output: directory.file("output"))
        let statement = ".timeout 10000\nBEGIN IMMEDIATE; SELECT 'held';\n"
        try input.fileHandleForWriting.write(contentsOf: Data(statement.utf8))
        let isHeld = try await eventually {
            try String(contentsOfFile: directory.file("output"), encoding: .utf8).contains("held")
        }
        #expect(isHeld)
    }

    func release() async {
        try? input.fileHandleForWriting.close()
        await process.ended()
    }
}
