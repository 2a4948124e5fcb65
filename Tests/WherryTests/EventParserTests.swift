import Testing

@testable import wherry

@Suite("Server-sent events") struct EventParserTests {
    private static func read(_ pieces: [[UInt8]], max: Int = 1000) throws -> [String] {
        var parser = EventParser(eventBytesMax: max)
        return try pieces.flatMap { try parser.take($0) }.map {
            "\($0.name)=\(String(decoding: $0.data, as: UTF8.self))"
        }
    }

    /// Texts and the events in them (HTML Living Standard §9.2.6, its examples among them).
    private static let streams: [(String, [String])] = [
        ("", []), ("\n\n\n", []), ("data: x", []), ("data: x\n", []), ("data: x\n\n", ["message=x"]),
        ("data:x\n\n", ["message=x"]), ("data:  x\n\n", ["message= x"]), ("data\n\n", ["message="]),
        ("data\ndata\n\ndata:", ["message=\n"]), ("data:test\n\ndata: test\n\n", ["message=test", "message=test"]),
        ("data: YHOO\ndata: +2\ndata: 10\n\n", ["message=YHOO\n+2\n10"]),
        (
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n",
            ["message=first event", "message=second event"]
        ),
        ("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n", ["add=73857293", "remove=2153"]),
        ("event: add\n\ndata: x\n\n", ["message=x"]), ("event: a\nevent: b\ndata: x\n\n", ["b=x"]),
        ("retry: 10\nid: 7\nnonsense: y\n:comment\ndata: x\n\n", ["message=x"]),
        ("data: a:b: c\n\n", ["message=a:b: c"]), ("Data: x\n\n", []), (" data: x\n\n", []),
        ("\u{FEFF}data: x\n\n", ["message=x"]), ("data: \u{FEFF}x\n\n", ["message=\u{FEFF}x"]),
        ("data: x\n\n\u{FEFF}data: y\n\n", ["message=x"]), ("data: ж\n\n", ["message=ж"]),
    ]

    @Test("are read alike with each end of a line", arguments: streams)
    func lineEnds(_ text: String, _ events: [String]) throws {
        for end in ["\n", "\r\n", "\r"] {
            let bytes = Array(text.replacing("\n", with: end).utf8)
            let expected = events
            #expect(try Self.read([bytes]) == expected, "line end \(Array(end.utf8))")
        }
    }

    @Test("are read alike however the bytes are cut", arguments: streams)
    func cuts(_ text: String, _ events: [String]) throws {
        for end in ["\n", "\r\n", "\r"] {
            let bytes = Array(text.replacing("\n", with: end).utf8)
            #expect(try Self.read(bytes.map { [$0] }) == events)
            for cut in bytes.indices {
                #expect(try Self.read([Array(bytes[..<cut]), [], Array(bytes[cut...])]) == events)
            }
        }
    }

    @Test("ends of lines may differ within a stream")
    func mixedLineEnds() throws {
        #expect(try Self.read([Array("data: a\rdata: b\r\ndata: c\n\r\n".utf8)]) == ["message=a\nb\nc"])
        #expect(try Self.read([Array("data: a\r".utf8), Array("\r\ndata: b\n\n".utf8)]) == ["message=a", "message=b"])
    }

    @Test("an event or a line without end is refused, and one that just fits is not")
    func limits() throws {
        let full = "data: " + String(repeating: "x", count: 94)
        #expect(try Self.read([Array("\(full)\n\n\(full)\n\n".utf8)], max: 100).count == 2)
        for text in [full + "x", "data: \(full)\n\n", ":" + String(repeating: "x", count: 100), "data: x\n\(full)"] {
            #expect(throws: EventParser.TooLarge.self) { try Self.read([Array(text.utf8)], max: 100) }
            #expect(throws: EventParser.TooLarge.self) { try Self.read(text.utf8.map { [$0] }, max: 100) }
        }
        let drops = Array(repeating: Array("data: x\n".utf8), count: 1000)
        #expect(throws: EventParser.TooLarge.self) { try Self.read(drops, max: 100) }
    }
}
