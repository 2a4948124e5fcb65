import CareRecord
import Foundation
import LoadTest
import Replication
import TestSupport
import Testing

@testable import Storage

private let barts = HIEIdentifier("barts")!  // a well-formed constant
private let patient = FHIRFixture.number(1)

private func batch(_ seq: Int64) -> ChangeBatch {
    let key = EntryKey(patient: patient, resource: ResourceKey(reference: "Condition/c\(seq)")!)  // a constant
    return ChangeBatch(
        source: barts, epoch: SampleSource.early, after: seq - 1, through: seq,
        changes: [Change(seq: seq, key: key, effect: .put(Facts(category: .condition)))])
}

private func names(in directory: TemporaryDirectory) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
}

@Suite("Files set aside") struct SetAsideTests {
    @Test("a file goes with its journal files, and at most so many are kept, the newest") func kept() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.sqlite")
        for number in 1...4 {
            for part in ["", "-wal", "-shm"] where number != 3 || part.isEmpty {
                try "\(number)".write(toFile: path + part, atomically: true, encoding: .utf8)
            }
            #expect(try SetAside.move(path, keeping: 2) == "\(path).unsound-\(number)")
        }
        #expect(
            try names(in: directory) == [
                "a.sqlite.unsound-3", "a.sqlite.unsound-4", "a.sqlite.unsound-4-shm", "a.sqlite.unsound-4-wal",
            ])
        #expect(try String(contentsOfFile: "\(path).unsound-4", encoding: .utf8) == "4")
    }

    @Test("numbers are counted, not sorted as text, and other files are left alone") func numbers() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.sqlite")
        for name in [
            "a.sqlite", "a.sqlite.unsound-9", "a.sqlite.unsound-10", "a.sqlite.unsound-x", "b.sqlite.unsound-1",
        ] {
            try name.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
        }
        #expect(try SetAside.move(path, keeping: 2) == "\(path).unsound-11")
        #expect(
            try names(in: directory) == [
                "a.sqlite.unsound-10", "a.sqlite.unsound-11", "a.sqlite.unsound-x", "b.sqlite.unsound-1",
            ])
    }

    @Test("a directory that cannot be written to is refused with what to do") func refused() throws {
        let refusal = #expect(throws: StorageError.self) { try SetAside.move("/dev/null/a.sqlite", keeping: 2) }
        #expect(refusal?.code == .directoryUnusable)
        #expect(refusal?.reason.contains("owner") == true)
    }

    @Test(
        "promise P7: an index that is no sound database is set aside, and an empty one begins",
        arguments: [true, false])
    func corrupt(isHeaderOnly: Bool) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("index.sqlite")
        do {
            let store = try IndexStore(path: path)
            _ = try await store.apply([batch(1)])
            try store.file.close()
        }
        try await Subprocess.run("/usr/bin/sqlite3", [path, "PRAGMA wal_checkpoint(TRUNCATE)"])
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        if isHeaderOnly {
            try handle.write(contentsOf: Data("no database at all".utf8))
        } else {
            // The page of the schema's table, behind a header that is sound.
            try handle.seek(toOffset: 100)
            try handle.write(contentsOf: Data(repeating: 0xAA, count: 1000))
        }
        try handle.close()
        var moved: [String] = []
        let store = try IndexStore(path: path) { moved.append($0) }
        #expect(moved == ["\(path).unsound-1"])
        #expect(try await store.sources().isEmpty)
        _ = try await store.apply([batch(1)])
        #expect(try await store.entries(of: patient).count == 1)
        let again = try IndexStore(path: path) { moved.append($0) }
        #expect(moved.count == 1)
        #expect(try await again.entries(of: patient).count == 1)
    }

    @Test("promise P7: an index begins anew while it is open, and the old file is whole where it went") func beginAnew()
        async throws
    {
        let directory = try TemporaryDirectory()
        let path = directory.file("index.sqlite")
        let store = try IndexStore(path: path)
        _ = try await store.apply([batch(1), batch(2)])
        let moved = try store.beginAnew()
        #expect(try await store.sources().isEmpty)
        #expect(try await store.entries(of: patient).isEmpty)
        _ = try await store.apply([batch(1)])
        #expect(try await store.entries(of: patient).count == 1)
        let count = try await Subprocess.run("/usr/bin/sqlite3", [moved, "SELECT count(*) FROM entry"])
        #expect(count == "2\n")
        for _ in 0..<3 { _ = try store.beginAnew() }
        #expect(
            try names(in: directory).filter { $0.contains("unsound") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
                == ["index.sqlite.unsound-3", "index.sqlite.unsound-4"])
    }

    @Test("an error that is no unsoundness sets nothing aside") func notUnsound() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("index.sqlite")
        _ = try IndexStore(path: path)
        try await Subprocess.run("/usr/bin/sqlite3", [path, "INSERT INTO grdb_migrations VALUES ('v999')"])
        var moved: [String] = []
        let refusal = #expect(throws: StorageError.self) { try IndexStore(path: path) { moved.append($0) } }
        #expect(refusal?.code == .laterVersion)
        #expect(moved == [])
    }
}
