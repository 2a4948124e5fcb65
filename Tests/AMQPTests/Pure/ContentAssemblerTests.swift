import Testing

@testable import AMQP

@Suite("content assembler")
struct ContentAssemblerTests {
    private let delivery = ContentAssembler.Announcement.delivery(
        number: 1, isRedelivered: false, exchange: "x", routingKey: "k")

    private func add(_ bytes: [UInt8], to assembler: inout ContentAssembler) throws -> ContentAssembler.Content? {
        try bytes.withUnsafeBytes { try assembler.body($0) }
    }

    @Test("a content is complete with its last fragment, however the body is cut")
    func fragments() throws {
        let body = Array(UInt8(0)..<12)
        for size in 1...13 {
            var assembler = ContentAssembler(bodySizeMaxBytes: 100)
            for _ in 0..<2 {
                try assembler.begin(delivery)
                #expect(try assembler.header(bodySize: 12, message: Message(body: [])) == nil)
                var contents: [ContentAssembler.Content] = []
                for start in stride(from: 0, to: 12, by: size) {
                    if let content = try add(Array(body[start..<min(start + size, 12)]), to: &assembler) {
                        contents.append(content)
                    }
                }
                #expect(contents.map(\.message.body) == [body])
                #expect(contents.map(\.announcement) == [delivery])
                #expect(contents.map { $0.isTruncated } == [false])
            }
        }
    }

    @Test("an empty body is complete with its header")
    func empty() throws {
        var assembler = ContentAssembler(bodySizeMaxBytes: 100)
        try assembler.begin(delivery)
        let content = try assembler.header(bodySize: 0, message: Message(body: [], type: "t"))
        #expect(content?.message == Message(body: [], type: "t"))
        #expect(content?.isTruncated == false)
    }

    @Test("a body above the limit keeps its beginning, is marked, and the next one is whole")
    func truncated() throws {
        var assembler = ContentAssembler(bodySizeMaxBytes: 5)
        for (size, kept) in [(UInt64(6), 5), (9, 5), (5, 5), (4, 4)] {
            try assembler.begin(delivery)
            #expect(try assembler.header(bodySize: size, message: Message(body: [])) == nil)
            var content: ContentAssembler.Content?
            for _ in 0..<size { content = try add([7], to: &assembler) }
            #expect(content?.message.body.count == kept)
            #expect(content?.isTruncated == (size > 5))
        }
    }

    @Test("a header that promises more than memory holds takes none of it")
    func promises() throws {
        var assembler = ContentAssembler(bodySizeMaxBytes: 16)
        try assembler.begin(delivery)
        #expect(try assembler.header(bodySize: .max, message: Message(body: [])) == nil)
        #expect(try add([1, 2, 3], to: &assembler) == nil)
    }

    @Test("frames out of order are an error, never a trap")
    func disorder() throws {
        var idle = ContentAssembler(bodySizeMaxBytes: 10)
        #expect(throws: AMQPError.self) { try idle.header(bodySize: 1, message: Message(body: [])) }
        #expect(throws: AMQPError.self) { try add([1], to: &idle) }
        var announced = ContentAssembler(bodySizeMaxBytes: 10)
        try announced.begin(delivery)
        #expect(throws: AMQPError.self) { try announced.begin(delivery) }
        #expect(throws: AMQPError.self) { try add([1], to: &announced) }
        var filling = ContentAssembler(bodySizeMaxBytes: 10)
        try filling.begin(delivery)
        _ = try filling.header(bodySize: 2, message: Message(body: []))
        #expect(throws: AMQPError.self) { try filling.begin(delivery) }
        #expect(throws: AMQPError.self) { try filling.header(bodySize: 1, message: Message(body: [])) }
        #expect(throws: AMQPError.self) { try add([1, 2, 3], to: &filling) }
    }
}
