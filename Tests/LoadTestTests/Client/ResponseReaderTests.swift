import CareRecord
import NIOCore
import Testing

@testable import LoadTest

@Suite("Reading answers")
struct ResponseReaderTests {
    private static func text(_ answer: HTTPAnswer?) -> String? {
        answer.map { "\($0.status) \(String(buffer: $0.body))" }
    }

    /// What the reader makes of a text that comes in two pieces.
    private static func read(_ text: String, cutAt cut: Int, bodyBytesMax: Int = 1000) throws -> HTTPAnswer? {
        var reader = ResponseReader(bodyBytesMax: bodyBytesMax)
        let bytes = Array(text.utf8)
        let first = try reader.read(ByteBuffer(bytes: bytes[..<cut]))
        let second = cut == bytes.count ? nil : try reader.read(ByteBuffer(bytes: bytes[cut...]))
        #expect(first == nil || second == nil)
        return first ?? second
    }

    @Test(
        "an answer is the same wherever the network cuts it",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Head:  a b \r\n\r\nhello", "200 hello"),
            ("HTTP/1.1 204 No Content\r\nWherry-Journal-Head: 7\r\n\r\n", "204 "),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nT: 1\r\n\r\n",
                "200 hello"
            ),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "404 "),
        ])
    func cut(text: String, expected: String) throws {
        for cut in 0...text.utf8.count { #expect(Self.text(try Self.read(text, cutAt: cut)) == expected) }
    }

    @Test("header fields are found whatever their case")
    func headers() throws {
        let text = "HTTP/1.1 204 No Content\r\nWHERRY-Journal-Head: \t7 \r\nEmpty:\r\nWherry-Journal-Head: 8\r\n\r\n"
        let read = try Self.read(text, cutAt: 0)
        let answer = try #require(read)
        #expect(answer.header("wherry-journal-head") == "7" && answer.header("empty") == "")
        #expect(answer.header("wherry-journal") == nil && answer.keepsAlive)
    }

    @Test("an answer without a length ends with its connection")
    func toTheEnd() throws {
        var reader = ResponseReader(bodyBytesMax: 100)
        #expect(try reader.read(ByteBuffer(string: "HTTP/1.0 200 OK\r\n\r\nhe")) == nil)
        #expect(try reader.read(ByteBuffer(string: "llo")) == nil)
        let answer = try reader.ended()
        #expect(Self.text(answer) == "200 hello" && answer?.keepsAlive == false)
        var cut = ResponseReader(bodyBytesMax: 100)
        _ = try cut.read(ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"))
        #expect(throws: ResponseReader.Failure.self) { try cut.ended() }
    }

    @Test(
        "what is no answer, or too long, is refused",
        arguments: [
            "HTTP/2 200 OK\r\n\r\n", "SSH-2.0-OpenSSH_9.2p1 and more\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n",
            "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 1001),
            String(repeating: "x", count: 40_000),
        ])
    func refused(text: String) {
        #expect(throws: ResponseReader.Failure.self) { try Self.read(text, cutAt: 0) }
    }

    @Test("the body of an answer that does not end is had as it comes")
    func stream() throws {
        var reader = ResponseReader(bodyBytesMax: 8)
        #expect(reader.isIdle && reader.status == nil)
        #expect(
            try reader.read(ByteBuffer(string: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe")) == nil)
        #expect(reader.status == 200 && String(buffer: reader.takeBody()) == "he")
        for _ in 0..<10 {
            #expect(try reader.read(ByteBuffer(string: "llo\r\n5\r\nhe")) == nil)
            #expect(String(buffer: reader.takeBody()) == "llohe")
        }
    }
}

@Suite("Reading events")
struct EventReaderTests {
    @Test("events are the same wherever the network cuts them, comments and all")
    func cut() {
        let text =
            ":\n\nevent: progress\ndata: {\"head\":1}\n\ndata:a\r\ndata: b\r\n\r\nevent: x\n\nid: 3\n: c\ndata: last\n\ndata: never"
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var reader = EventReader()
            let events = reader.read(bytes[..<cut]) + reader.read(bytes[cut...])
            #expect(
                events == [
                    EventReader.Event(name: "progress", data: Array("{\"head\":1}".utf8)),
                    EventReader.Event(name: "message", data: Array("a\nb".utf8)),
                    EventReader.Event(name: "message", data: Array("last".utf8)),
                ])
        }
    }

    @Test("a line without an end takes bounded memory, and what follows it is read")
    func endless() {
        var reader = EventReader()
        #expect(reader.read(Array("data: ".utf8) + Array(repeating: UInt8(ascii: "x"), count: 2 << 20)).isEmpty)
        #expect(reader.read(Array("\n\ndata: b\n\n".utf8)).map(\.data) == [Array("b".utf8)])
    }

    @Test("progress is read from an event, as much of it as is told")
    func progress() throws {
        let event = try #require(
            ProgressEvent(
                Array(#"{"head":12,"publishedThrough":11,"sources":{"barts":12,"st-georges":0},"more":[{}]}"#.utf8)))
        #expect(event.head == 12 && event.publishedThrough == 11)
        #expect(
            event.watermarks.map(\.hie.text) == ["barts", "st-georges"] && event.watermarks.map(\.watermark) == [12, 0])
        let other = try #require(ProgressEvent(Array(#"{"sources":{"barts":"x"}}"#.utf8)))
        #expect(other.head == nil && other.watermarks.isEmpty)
        #expect(ProgressEvent(Array("[]".utf8)) == nil && ProgressEvent(Array("{\"head\"".utf8)) == nil)
    }
}
