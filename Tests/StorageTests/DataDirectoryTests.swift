import AMQP
import CareRecord
import Foundation
import LoadTest
import Replication
import TestSupport
import Testing

@testable import Storage

private let barts = HIEIdentifier("barts")!  // a well-formed constant

@Suite("Data directory") struct DataDirectoryTests {
    @Test("a second holder is refused and told who has it; the lock goes with its holder") func lock() throws {
        let temporary = try TemporaryDirectory()
        let path = temporary.file("deep/er")
        do {
            let first = try DataDirectory(path: path, seat: Seat(barts))
            let refusal = #expect(throws: StorageError.self) { try DataDirectory(path: path, seat: Seat(barts)) }
            #expect(refusal?.code == .directoryInUse)
            #expect(refusal?.reason.contains("process \(getpid())") == true)
            #expect(first.file("x") == "\(path)/x")
        }
        #expect(throws: Never.self) { try DataDirectory(path: path, seat: Seat(barts)) }
    }

    @Test("the directory of another HIE is refused") func foreign() throws {
        let temporary = try TemporaryDirectory()
        _ = try DataDirectory(path: temporary.path, seat: Seat(barts))
        let refusal = #expect(throws: StorageError.self) {
            try DataDirectory(path: temporary.path, seat: Seat(HIEIdentifier("kingston")!))  // a well-formed constant
        }
        #expect(refusal?.code == .foreignDirectory)
    }

    @Test(
        "a primary's directory is refused to a replica, and a replica's to its primary and to other replicas",
        arguments: [("barts", "barts.a"), ("barts.a", "barts"), ("barts.a", "barts.b")])
    func replicas(owner: String, other: String) throws {
        let temporary = try TemporaryDirectory()
        let (owner, other) = (try #require(Seat(owner)), try #require(Seat(other)))
        _ = try DataDirectory(path: temporary.path, seat: owner)
        let refusal = #expect(throws: StorageError.self) { try DataDirectory(path: temporary.path, seat: other) }
        #expect(refusal?.code == .foreignDirectory)
        #expect(refusal?.reason.contains("the data of \(owner.words), not of \(other.words): give each") == true)
        #expect(throws: Never.self) { try DataDirectory(path: temporary.path, seat: owner) }
    }

    @Test("a path that cannot be a directory is refused with what to do") func unusable() {
        let refusal = #expect(throws: StorageError.self) {
            try DataDirectory(path: "/dev/null/data", seat: Seat(barts))
        }
        #expect(refusal?.reason.contains("--data") == true)
    }
}

@Suite("Durability") struct DurabilityTests {
    @Test("bytes that are no database are refused as such, and left as they are") func notADatabase() throws {
        let temporary = try TemporaryDirectory()
        let path = temporary.file("records.sqlite")
        let bytes = String(repeating: "not a database, whatever its name says. ", count: 200)
        try bytes.write(toFile: path, atomically: true, encoding: .utf8)
        let refusal = #expect(throws: StorageError.self) {
            try RecordStore(path: path, shares: [:], now: Timestamp(milliseconds: 0))
        }
        #expect(refusal?.code == .corrupt)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == bytes)
    }

    @Test("a file of a later version is refused") func later() async throws {
        let temporary = try TemporaryDirectory()
        let path = temporary.file("index.sqlite")
        _ = try IndexStore(path: path)
        try await Subprocess.run("/usr/bin/sqlite3", [path, "INSERT INTO grdb_migrations VALUES ('v999')"])
        let refusal = #expect(throws: StorageError.self) { try IndexStore(path: path) }
        #expect(refusal?.code == .laterVersion)
    }
}
