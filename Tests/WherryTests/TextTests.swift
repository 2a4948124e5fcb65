import CareRecord
import Foundation
import TestSupport
import Testing

@testable import wherry

@Suite("Texts for people")
struct TextTests {
    @Test(
        "ages are short",
        arguments: [
            (0.4, "0 s"), (3, "3 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"),
            (172_800, "2 days"),
        ])
    func age(_ seconds: Double, _ text: String) {
        #expect(Age.text(seconds: seconds) == text)
    }

    @Test("a moment becomes an age, with or without fractions, and anything else stays")
    func since() throws {
        let now = try #require(Age.moment("2026-11-22T17:03:05.500Z"))
        #expect(Age.since("2026-11-22T17:03:02.500Z", now: now) == "3 s ago")
        #expect(Age.since("2026-11-22T17:03:00Z", now: now) == "5 s ago")
        #expect(Age.since("never", now: now) == "never")
    }

    @Test("a progress line has share, amount, rate and time left")
    func progress() {
        let line = ProgressBar.line(done: 5_000_000, total: 20_000_000, seconds: 2, text: "1/2 x.json")
        #expect(line == "██████░░░░░░░░░░░░░░░░░░  25 %  5.0 MB of 20.0 MB  2.5 MB/s  6 s left  1/2 x.json")
        #expect(ProgressBar.line(done: 500, total: nil, seconds: 1, text: "-") == "500 B  500 B/s  -")
    }

    @Test("a section is a titled table on a terminal and marked lines in a pipe")
    func section() {
        var section = Section("Allergies", .init("date"), .init("what"))
        section.append("allergy", .init("2020-01-01"), .init("Peanut\u{1B}[2J"))
        #expect(section.text(isInteractive: false, hasColour: false) == "allergy\t2020-01-01\tPeanut[2J")
        let text = section.text(isInteractive: true, hasColour: false)
        #expect(text.hasPrefix("Allergies\n  date        what") && text.contains("  2020-01-01  Peanut[2J"))
    }

    @Test(
        "lengths of time",
        arguments: [
            ("250ms", 250), ("2s", 2000), ("1.5s", 1500), ("5m", 300_000), ("1h", 3_600_000),
            ("2d", 172_800_000),
        ])
    func timeSpan(_ text: String, _ milliseconds: Int64) {
        #expect(TimeSpan(argument: text)?.milliseconds == milliseconds)
    }

    @Test("no lengths of time", arguments: ["", "2", "s", "-1s", "0s", "2 s", "nans", "infs"])
    func noTimeSpan(_ text: String) {
        #expect(TimeSpan(argument: text) == nil)
    }

    @Test("a worker's URL may leave out the scheme and have slashes at its end")
    func url() {
        #expect(WorkerURL(argument: "localhost:8080")?.description == "http://localhost:8080")
        #expect(WorkerURL(argument: "https://x.example/w//")?.description == "https://x.example/w")
        #expect(WorkerURL(argument: "[::1]:80")?.description == "http://[::1]:80")
        for text in ["", "http://", "ftp://x", "http://x?y=1"] { #expect(WorkerURL(argument: text) == nil) }
    }
}

@Suite("Reading what is to be sent")
struct InputTests {
    @Test(
        "a first line that is a whole resource begins NDJSON; a bundle or a part of one does not",
        arguments: [
            (#"{"resourceType":"Patient"}"# + "\n{", InputFile.Format.ndjson),
            (#"{"resourceType":"Patient"}"#, .ndjson),
            (#"{"resourceType":"Bundle"}"# + "\n", .json), ("{\n", .json), ("", .json),
        ])
    func format(_ text: String, _ format: InputFile.Format) {
        #expect(InputFile.Format(start: Array(text.utf8)) == format)
    }

    @Test("a large file is read in whole lines, each part with the number of its first")
    func lines() throws {
        let directory = try TemporaryDirectory()
        let text = String(repeating: String(repeating: "x", count: 99) + "\n", count: 150) + "last"
        try text.write(toFile: directory.file("x"), atomically: false, encoding: .utf8)
        var reader = LineReader(try ByteReader(path: directory.file("x")), partBytes: 4000)
        var read: [UInt8] = []
        var next = 1
        var count = 0
        while let part = try reader.next() {
            #expect(part.firstLine == next)
            next += part.bytes.count { $0 == UInt8(ascii: "\n") }
            read += part.bytes
            count += 1
            #expect(part.bytes.last == UInt8(ascii: "\n") || read.count == text.utf8.count)
        }
        #expect(count > 2 && read == Array(text.utf8))
    }

    @Test("a line without end is refused, and those before it are not lost")
    func endlessLine() throws {
        let directory = try TemporaryDirectory()
        try Data(Array("{}\n".utf8) + [UInt8](repeating: 0x20, count: 20_000))
            .write(to: URL(filePath: directory.file("x")))
        var reader = LineReader(try ByteReader(path: directory.file("x")), partBytes: 4000, lineBytesMax: 9000)
        let first = try reader.next()
        #expect(first?.bytes == Array("{}\n".utf8))
        #expect(throws: Payload.Failure.self) { try reader.next() }
    }
}
