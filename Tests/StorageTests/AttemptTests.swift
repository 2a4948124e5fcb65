import CareRecord
import LoadTest
import Replication
import TestSupport
import Testing

@testable import Storage

@Suite("Attempts to read a message") struct AttemptTests {
    private let day: Int64 = 86_400_000
    private let one: LetterIdentity
    private let two: LetterIdentity

    init() throws {
        one = try #require(LetterIdentity(bytes: [UInt8](repeating: 1, count: 32)))
        two = try #require(LetterIdentity(bytes: [UInt8](repeating: 2, count: 32)))
    }

    @Test("each run counts once until the attempt is forgotten, and the file keeps it") func counted() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("deadletters.sqlite")
        func note(_ letter: LetterIdentity, run: String, at: Int64 = 1) async throws -> Int {
            try await DeadLetterStore(path: path).noteAttempt(
                on: letter, run: run, now: Timestamp(milliseconds: at))
        }
        #expect(try await note(one, run: "a") == 1)
        #expect(try await note(one, run: "a") == 1)
        #expect(try await note(one, run: "b") == 2)
        #expect(try await note(two, run: "b") == 1)
        #expect(try await note(one, run: "c") == 3)
        try await DeadLetterStore(path: path).forgetAttempts(on: one)
        #expect(try await note(one, run: "c") == 1)
        #expect(try await note(two, run: "c") == 2)
    }

    @Test("attempts of another day say nothing, and are not kept") func old() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("deadletters.sqlite")
        let store = try DeadLetterStore(path: path)
        for run in ["a", "b"] {
            _ = try await store.noteAttempt(on: one, run: run, now: Timestamp(milliseconds: 1))
            _ = try await store.noteAttempt(on: two, run: run, now: Timestamp(milliseconds: 1))
        }
        #expect(try await store.noteAttempt(on: one, run: "c", now: Timestamp(milliseconds: day + 1)) == 1)
        let rows = try await Subprocess.run("/usr/bin/sqlite3", [path, "SELECT count(*) FROM attempt"])
        #expect(rows == "1\n")
    }

    @Test("an index is tried out without a trace; one that takes nothing fails") func trial() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("index.sqlite")
        let store = try IndexStore(path: path)
        try await store.tryOut()
        #expect(try await store.sources().isEmpty)
        let trigger = "CREATE TRIGGER no BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'no'); END"
        try await Subprocess.run("/usr/bin/sqlite3", [path, trigger])
        let error = await #expect(throws: StorageError.self) { try await store.tryOut() }
        #expect(error?.code == .failed)
    }
}
