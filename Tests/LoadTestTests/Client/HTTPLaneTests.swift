import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import LoadTest

@Suite("HTTP lane")
struct HTTPLaneTests {
    private static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

    private static func lane(
        to port: Int, connections: Int = 4, waiting: Int = 1000, seconds: Int = 30, bodyBytesMax: Int = 1000
    ) -> HTTPLane {
        var limits = HTTPLane.Limits()
        limits.connectionsMax = connections
        limits.waitingMax = waiting
        limits.answerSecondsMax = seconds
        limits.bodyBytesMax = bodyBytesMax
        return HTTPLane(
            host: "127.0.0.1", port: port, on: MultiThreadedEventLoopGroup.singleton.next(), limits: limits)
    }

    private static func answers(_ lane: HTTPLane, _ count: Int) async -> [HTTPLane.Outcome] {
        await withTaskGroup(of: HTTPLane.Outcome.self) { group in
            for number in 0..<count {
                group.addTask { await lane.answer(to: .get("/\(number)", host: lane.authority)).outcome }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private static func word(_ outcome: HTTPLane.Outcome) -> String {
        switch outcome {
        case .answered(let answer): "\(answer.status) \(String(buffer: answer.body))"
        case .unsent: "unsent"
        case .unknown: "unknown"
        }
    }

    @Test("many requests share the connections that there may be")
    func pool() async throws {
        let server = try await ScriptedServer.start { _, _ in [.send(Self.hello)] }
        let lane = Self.lane(to: server.port)
        let answers = await Self.answers(lane, 300)
        #expect(answers.count == 300 && answers.allSatisfy { Self.word($0) == "200 hello" })
        #expect(server.requestCount == 300 && server.openMost <= 4 && server.connectionCount <= 4)
    }

    @Test("an answer that comes in pieces or chunks is whole")
    func pieces() async throws {
        let server = try await ScriptedServer.start { number, _ in
            number % 2 == 0
                ? [.send("HTTP/1.1 200 OK\r\nContent-Len"), .send("gth: 5\r\n\r\nhe"), .send("llo")]
                : [
                    .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n"),
                    .send("3\r\nllo\r\n0\r\n\r\n"),
                ]
        }
        let answers = await Self.answers(Self.lane(to: server.port), 20)
        #expect(answers.allSatisfy { Self.word($0) == "200 hello" })
    }

    @Test("a body arrives as it was sent")
    func post() async throws {
        let server = try await ScriptedServer.start { _, head in
            let length = head.contains("Content-Length: 4") && head.contains("Content-Type: a/b")
            return [.send("HTTP/1.1 \(length ? 201 : 400) X\r\nContent-Length: 0\r\n\r\n")]
        }
        let lane = Self.lane(to: server.port)
        let request = HTTPRequest.post(
            "/fhir", host: lane.authority, contentType: "a/b", headers: [("Prefer", "return=minimal")],
            body: Array("\r\n\r\n".utf8))
        #expect(Self.word(await lane.answer(to: request).outcome) == "201 ")
    }

    @Test("what becomes of a request whose connection is cut is unknown, and the next finds a connection")
    func cut() async throws {
        let server = try await ScriptedServer.start { number, _ in
            number == 0 ? [.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"), .close] : [.send(Self.hello)]
        }
        let lane = Self.lane(to: server.port, connections: 1)
        let answers = await Self.answers(lane, 3).map(Self.word)
        #expect(answers.sorted() == ["200 hello", "200 hello", "unknown"])
    }

    @Test("an answer that says it is the last is followed by another connection")
    func last() async throws {
        let server = try await ScriptedServer.start { _, _ in
            [.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"), .close]
        }
        let answers = await Self.answers(Self.lane(to: server.port, connections: 1), 5)
        #expect(answers.allSatisfy { Self.word($0) == "200 hello" } && server.connectionCount == 5)
    }

    @Test("a server that is silent holds nobody for longer than the limit")
    func silent() async throws {
        let server = try await ScriptedServer.start { _, _ in [] }
        let lane = Self.lane(to: server.port, connections: 1, seconds: 1)
        let answers = await Self.answers(lane, 3).map(Self.word)
        #expect(answers.sorted() == ["unknown", "unsent", "unsent"])
    }

    @Test(
        "an answer that is too long, none at all, or more than was asked for ends the connection",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", "SSH-2.0-OpenSSH_9.2p1 and more\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
        ])
    func refused(text: String) async throws {
        let server = try await ScriptedServer.start { number, _ in [.send(number == 0 ? text : Self.hello)] }
        let lane = Self.lane(to: server.port, connections: 1)
        #expect(Self.word(await lane.answer(to: .get("/", host: "x")).outcome) == "unknown")
        #expect(Self.word(await lane.answer(to: .get("/", host: "x")).outcome) == "200 hello")
    }

    @Test("an answer that nobody asked for is not taken for the next")
    func surplus() async throws {
        let server = try await ScriptedServer.start { number, _ in
            [.send(number == 0 ? Self.hello + "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n" : Self.hello)]
        }
        let lane = Self.lane(to: server.port, connections: 1)
        for _ in 0..<3 { #expect(Self.word(await lane.answer(to: .get("/", host: "x")).outcome) == "200 hello") }
        #expect(server.connectionCount == 2)
    }

    @Test("a request that finds no server, or no room, is unsent; a server that comes is found")
    func unsent() async throws {
        let first = try await ScriptedServer.start { _, _ in [.send(Self.hello)] }
        let port = first.port
        try await first.stop()
        let lane = Self.lane(to: port, connections: 2, waiting: 5)
        let refused = await Self.answers(lane, 20)
        #expect(refused.count == 20 && refused.allSatisfy { Self.word($0) == "unsent" })
        let second = try await ScriptedServer.start(port: port) { _, _ in [.send(Self.hello)] }
        #expect(await Self.answers(lane, 5).allSatisfy { Self.word($0) == "200 hello" })
        #expect(second.requestCount == 5)
    }

    @Test("idle connections that the server closes are replaced")
    func idle() async throws {
        let server = try await ScriptedServer.start { _, _ in [.send(Self.hello)] }
        let lane = Self.lane(to: server.port, connections: 1)
        for _ in 0..<3 {
            _ = await eventually {
                // A request may meet the connection while it goes: that one is unknown.
                Self.word(await lane.answer(to: .get("/", host: "x")).outcome) == "200 hello"
            }
            server.dropAll()
        }
        #expect(server.connectionCount >= 2)
    }

    @Test("what is dropped ends at once, sent or not; later requests go on")
    func dropped() async throws {
        let server = try await ScriptedServer.start { number, _ in number < 2 ? [] : [.send(Self.hello)] }
        // Longer than a busy machine may keep this test from looking.
        let lane = Self.lane(to: server.port, connections: 2, seconds: 600)
        async let answers = Self.answers(lane, 6).map(Self.word)
        #expect(await eventually { server.requestCount == 2 })
        // The others have come, too, when this has.
        try await lane.eventLoop.submit { lane.drop("enough") }.get()
        let ended = await answers
        #expect(ended.filter { $0 == "unknown" }.count == 2 && ended.count == 6)
        #expect(Self.word(await lane.answer(to: .get("/", host: "x")).outcome) == "200 hello")
        try await lane.eventLoop.submit { lane.close() }.get()
        #expect(Self.word(await lane.answer(to: .get("/", host: "x")).outcome) == "unsent")
    }
}

@Suite("Progress feed")
struct ProgressFeedTests {
    private static let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    private static func chunk(_ text: String) -> String {
        "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
    }

    @Test("what a worker tells comes at once, over reconnections, until the feed is closed")
    func follows() async throws {
        let server = try await ScriptedServer.start { number, head in
            guard head.hasPrefix("GET /api/progress HTTP/1.1"), head.contains("text/event-stream") else {
                return [.close]
            }
            if number == 1 { return [.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")] }
            let event = Self.chunk("event: progress\ndata: {\"head\":\(number),\"sources\":{\"barts\":\(number)}}\n\n")
            return [.send(Self.head + event)]
        }
        let heads = HeadList()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let feed = ProgressFeed(host: "127.0.0.1", port: server.port, on: loop) { event, _ in heads.append(event.head) }
        try await loop.submit { feed.start() }.get()
        // On a busy machine the feed may think that the server is gone, and begin anew.
        #expect(await eventually { heads.all.first == 0 })
        server.sendAll(
            Self.chunk(":\n\n") + Self.chunk("event: progress\ndata: {\"head\":7}\n\nevent: other\ndata: {}\n\n"))
        #expect(await eventually { heads.all.contains(7) })
        let count = heads.all.count
        server.dropAll()
        #expect(await eventually { heads.all.count > count })
        try await loop.submit { feed.close() }.get()
        let told = heads.all
        server.sendAll(Self.chunk("event: progress\ndata: {\"head\":99}\n\n"))
        #expect(heads.all == told)
    }

    private final class HeadList: Sendable {
        private let heads = NIOLockedValueBox<[Int64]>([])
        var all: [Int64] { heads.withLockedValue { $0 } }
        func append(_ head: Int64?) { heads.withLockedValue { $0.append(head ?? -1) } }
    }
}
