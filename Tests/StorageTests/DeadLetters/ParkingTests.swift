import AMQP
import CareRecord
import Foundation
import LoadTest
import Replication
import TestSupport
import Testing

@testable import Storage

private let barts = Letters.barts

@Suite("Parked letters") struct ParkingTests {
    @Test("promise P6: a letter is kept whole with its cause, and the same letter again raises its count")
    func parked() async throws {
        let kept = try Kept()
        var message = Message(body: [0, 0xFF, 0x27], messageID: "m", type: "t", timestamp: 7, priority: 3)
        message.headers = [
            "x": .table(["b": .bytes([1]), "a": .void]), "n": .int(1), "t": .table(["bytes": .string("no bytes")]),
            "d": .double(0.1), "z": .decimal(scale: 2, value: 314), "s": .timestamp(9), "l": .array([.bool(true)]),
        ]
        let letter = DeadLetter(
            Rejection(.undecodable, "no JSON"), source: barts, queue: "q", exchange: "e", routingKey: "k",
            message: message)
        let foreign = DeadLetter(
            Rejection(.unknownType, "none"), source: nil, queue: "q", exchange: "e", routingKey: "k2", message: message)
        let notes = try await kept.store.park([letter, letter, foreign], broker: "nel", now: at(1000))
        #expect(notes.map(\.id) == [1, 2])
        #expect(try await kept.store.park([letter], broker: "nel", now: at(2000)).isEmpty)
        #expect(try await kept.store.counts() == [barts: 1, nil: 1])
        let found = try #require(try await kept.store.letter(1))
        #expect(found.message == message)
        #expect(found.original == nil)
        #expect(found.row.count == 3)
        #expect(found.row.firstSeen == at(1000) && found.row.lastSeen == at(2000))
        #expect(found.row.origin == LetterOrigin(broker: "nel", queue: "q", exchange: "e", routingKey: "k"))
        #expect(
            try await kept.sqlite(
                "SELECT cause, hex(body) FROM letter JOIN content ON letter = id WHERE source = 'barts'")
                == "undecodable|00FF27\n")
    }

    @Test("a message that is delivered twice is one letter, another header makes another") func identity() async throws
    {
        let kept = try Kept()
        func letter(_ headers: [String: Field]) -> DeadLetter {
            DeadLetter(
                Rejection(.schema, ""), source: nil, queue: "q", exchange: "e", routingKey: "k",
                message: Message(body: [1], headers: headers))
        }
        try await kept.store.park([letter([:]), letter(["x-delivery-count": .int(2)])], now: at(1))
        #expect(try await kept.store.parked().count == 1)
        try await kept.store.park([letter(["a": .int(2)])], now: at(1))
        #expect(try await kept.store.parked().count == 2)
    }

    @Test("the same line is one letter, whichever message brings it") func sameLine() async throws {
        let kept = try Kept()
        let first = Letters.change(7)
        var message = first.message
        message.messageID = "another"
        message.headers[HeaderName.after] = .int(0)
        let second = DeadLetter(
            first.rejection, source: barts, queue: "wherry.replies.kingston.1", exchange: "", routingKey: "kingston.1",
            message: message, form: .change)
        try await kept.store.park([first, second], now: at(1))
        #expect(try await kept.store.rows(LetterFilter(), after: 0, limit: 9, now: at(2)).map(\.count) == [2])
    }

    @Test("a letter that was resolved and comes again waits again; one that was discarded stays so")
    func again() async throws {
        let kept = try Kept()
        let letters = [Letters.change(7), Letters.change(8)]
        let notes = try await kept.store.park(letters, now: at(1))
        _ = try await kept.store.resolve([notes[0]], .superseded, "by change 9", now: at(2))
        var filter = LetterFilter()
        filter.ids = [notes[1].id]
        _ = try await kept.store.discard(
            filter, expecting: 1, LetterEvent(at: at(2), by: "Ann", act: "discarded", detail: "why"))
        #expect(try await kept.store.parked().isEmpty)
        let waiting = try await kept.store.park(letters, now: at(3))
        #expect(waiting.map(\.id) == [notes[0].id])
        #expect(try await kept.store.letter(notes[0].id)?.row.state == .parked)
        #expect(try await kept.store.letter(notes[0].id)?.row.resolution == nil)
        #expect(try await kept.store.letter(notes[1].id)?.row.state == .discarded)
        #expect(
            try await kept.store.history(notes[0].id).map(\.act) == ["resolved", "parked again"])
    }

    @Test("a line names its record, its patient and its number") func subject() async throws {
        let kept = try Kept()
        let notes = try await kept.store.park([Letters.change(7, patient: 3)], now: at(1))
        #expect(notes[0].patient == FHIRFixture.number(3))
        #expect(notes[0].resource?.reference == "Condition/c7")
        let row = try #require(try await kept.store.letter(notes[0].id)).row
        #expect(row.subject.seq == 7 && row.subject.epoch == letterEpoch)
        #expect(row.subject.missing ?? (0, 0) == (6, 7))
    }

    @Test("letters of version 1 are taken over with their counts; lines are told from messages") func version1()
        async throws
    {
        let directory = try TemporaryDirectory()
        let sql = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/deadletters-v1.sql").path
        let path = directory.file("deadletters.sqlite")
        try await Subprocess.run("/usr/bin/sqlite3", [path, ".read \(sql)"])
        for _ in 1...2 {
            let store = try DeadLetterStore(path: path)
            let line = try #require(try await store.letter(1))
            #expect(line.row.subject.form == .change && line.row.subject.seq == 7)
            #expect(line.row.count == 3 && line.row.cause == .nhsNumberInvalid && line.row.source == barts)
            #expect(line.message.headers["ratio"] == .double(0.5))
            #expect(line.message.timestamp == 1_795_370_400)
            let message = try #require(try await store.letter(2))
            #expect(message.row.subject.form == .message && message.message.body == [0, 0xFF, 0x27])
            #expect(message.message.isPersistent == false)
            #expect(try await store.counts() == [barts: 1, nil: 1])
        }
    }
}
