import AMQP
import LoadTest
import TestSupport
import Testing

extension BrokerTests {
    @Suite("declaring")
    struct Declaring {
        @Test("what was declared can be inspected, bound, purged and deleted")
        func lifeCycle() async throws {
            try await withSession { session, _ in
                for kind in ExchangeKind.allCases {
                    try await session.declareExchange("x.\(kind.rawValue)", kind: kind)
                }
                try await session.declareExchange(
                    "x", kind: .topic, arguments: ["alternate-exchange": "x.fanout"])
                try await session.inspectExchange("x")
                #expect(try await session.declareQueue("q") == QueueCounts(name: "q", messages: 0, consumers: 0))
                try await session.bindQueue("q", exchange: "x", routingKey: "change.*")
                let message = Message(body: [1])
                func publish() async throws -> Settlement.Outcome {
                    try await session.publishConfirmed(
                        message, exchange: "x", routingKey: "change.barts", isMandatory: true)
                }
                #expect(try await publish() == .confirmed)
                #expect(try await session.inspectQueue("q").messages == 1)
                #expect(try await session.purgeQueue("q") == 1)
                try await session.unbindQueue("q", exchange: "x", routingKey: "change.*")
                #expect(try await publish() == .returned(replyCode: 312, reason: "NO_ROUTE"))
                #expect(try await session.deleteQueue("q") == 0)
                try await session.deleteExchange("x")
                #expect(await code { try await session.inspectQueue("q") } == .notFound)
                #expect(await code { try await session.inspectExchange("x") } == .notFound)
            }
        }

        @Test("a refusal says why, and neither publishing nor consuming suffers from it")
        func refusals() async throws {
            try await withSession { session, _ in
                try await session.declareQueue("q")
                let consumer = try await session.consume("q", prefetchMax: 10)
                for _ in 1...3 {
                    let missing = await #expect(throws: AMQPError.self) { try await session.inspectQueue("missing") }
                    #expect(missing?.code == .notFound)
                    #expect(missing?.replyCode == 404)
                    #expect(missing?.reason.contains("missing") == true)
                    #expect(
                        await code { try await session.declareQueue("q", arguments: ["x-max-length": 1]) }
                            == .preconditionFailed)
                    #expect(await code { try await session.declareQueue("amq.mine") } == .accessRefused)
                    #expect(await code { try await session.deleteExchange("amq.topic") } == .accessRefused)
                    try await fill("q", with: 1, on: session)
                    let delivery = try await take(1, from: consumer)[0]
                    #expect(!delivery.isRedelivered)
                    try await session.acknowledge(delivery.tag)
                }
            }
        }

        @Test("an exclusive queue is locked for other sessions, and goes with its own")
        func exclusive() async throws {
            let host = try await PrivateBroker.shared().makeVirtualHost()
            let name = try await withSession(on: host.endpoint) { owner in
                let name = try await owner.declareQueue("", isDurable: false, isExclusive: true, isAutoDelete: true)
                    .name
                #expect(!name.isEmpty)
                try await withSession(on: host.endpoint) { other in
                    #expect(await code { try await other.consume(name, prefetchMax: 1) } == .resourceLocked)
                }
                return name
            }
            try await withSession(on: host.endpoint) { session in
                #expect(await code { try await session.inspectQueue(name) } == .notFound)
            }
        }

        @Test("names and arguments that AMQP cannot carry are refused before they are sent")
        func invalid() async throws {
            try await withSession { session, _ in
                let long = String(repeating: "ü", count: 128)
                #expect(await code { try await session.declareQueue(long) } == .invalidArgument)
                #expect(await code { try await session.consume(long, prefetchMax: 1) } == .invalidArgument)
                #expect(
                    await code {
                        try await session.declareQueue(
                            "q", arguments: ["a": .bytes(Array(repeating: 0, count: 131_072))])
                    } == .invalidArgument)
                try await session.declareQueue("q")
            }
        }

        @Test("many declarations at the same time all succeed")
        func concurrent() async throws {
            try await withSession { session, _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<20 {
                        group.addTask { try await session.declareQueue("q\(number)", isDurable: false) }
                    }
                    try await group.waitForAll()
                }
                #expect(try await session.inspectQueue("q19").messages == 0)
            }
        }
    }
}
