import AMQP
import LoadTest
import TestSupport
import Testing

extension BrokerTests {
    @Suite("publishing")
    struct Publishing {
        @Test("every message of a batch is confirmed once, in order of its number")
        func batch() async throws {
            try await withSession(configure: { $0.publishWindowMax = 32 }) { session, _ in
                try await session.declareQueue("q")
                let batch = (0..<500).map {
                    Outgoing(message: Message(body: Array("m\($0)".utf8)), exchange: "", routingKey: "q")
                }
                async let numbers = session.publish(batch)
                let settlements = try await settle(500, on: session)
                #expect(try await numbers == 1...500)
                #expect(settlements.map(\.number).sorted() == Array(1...500))
                #expect(settlements.allSatisfy { $0.outcome == .confirmed })
                #expect(try await session.inspectQueue("q").messages == 500)
            }
        }

        @Test("a queue that refuses gives a nack with its number")
        func refused() async throws {
            try await withSession { session, _ in
                try await session.declareQueue(
                    "small", arguments: ["x-max-length": 1, "x-overflow": "reject-publish"])
                var outcomes: [Settlement.Outcome] = []
                for _ in 0..<3 {
                    outcomes.append(
                        try await session.publishConfirmed(Message(body: [1]), exchange: "", routingKey: "small"))
                }
                #expect(outcomes == [.confirmed, .refused, .refused])
                let number = try await session.publish(Message(body: [1]), exchange: "", routingKey: "small")
                #expect(try await session.nextSettlements() == [Settlement(number: number, outcome: .refused)])
            }
        }

        @Test("a mandatory message without a queue is returned, its neighbours are confirmed")
        func returned() async throws {
            try await withSession { session, _ in
                try await session.declareQueue("q")
                let keys = ["q", "nowhere", "q", "nowhere", "elsewhere"]
                let batch = keys.map {
                    Outgoing(message: Message(body: [7]), exchange: "", routingKey: $0, isMandatory: true)
                }
                let numbers = try await session.publish(batch)
                let settlements = try await settle(5, on: session).sorted { $0.number < $1.number }
                #expect(settlements.map(\.number) == Array(numbers))
                let noRoute = Settlement.Outcome.returned(replyCode: 312, reason: "NO_ROUTE")
                #expect(settlements.map(\.outcome) == [.confirmed, noRoute, .confirmed, noRoute, noRoute])
            }
        }

        @Test("a message that is not mandatory is confirmed though no queue takes it")
        func unroutable() async throws {
            try await withSession { session, _ in
                let outcome = try await session.publishConfirmed(
                    Message(body: []), exchange: "", routingKey: "nowhere")
                #expect(outcome == .confirmed)
            }
        }

        @Test("settlements of publishConfirmed stay out of the stream of settlements")
        func coexistence() async throws {
            try await withSession { session, _ in
                try await session.declareQueue("q")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            let outcome = try await session.publishConfirmed(
                                Message(body: [1]), exchange: "", routingKey: "q")
                            #expect(outcome == .confirmed)
                        }
                    }
                    try await group.waitForAll()
                }
                let number = try await session.publish(Message(body: [2]), exchange: "", routingKey: "q")
                #expect(try await session.nextSettlements() == [Settlement(number: number, outcome: .confirmed)])
            }
        }

        @Test("a message that AMQP cannot carry is refused before it is sent, and the session goes on")
        func invalid() async throws {
            try await withSession(configure: { $0.bodySizeMaxBytes = 100 }) { session, _ in
                try await session.declareQueue("q")
                let long = String(repeating: "k", count: 256)
                var deep = Field.void
                for _ in 0..<20 { deep = .array([deep]) }
                let refused: [(Message, String)] = [
                    (Message(body: [1]), long),
                    (Message(body: [1], messageID: long), "q"),
                    (Message(body: [1], expiration: "soon"), "q"),
                    (Message(body: [1], userID: "somebody"), "q"),
                    (Message(body: [1], headers: [long: 1]), "q"),
                    (Message(body: [1], headers: ["a": .bytes(Array(repeating: 0, count: 200_000))]), "q"),
                    (Message(body: [1], headers: ["a": deep]), "q"),
                    (Message(body: [1], headers: ["CC": "q"]), "q"),
                    (Message(body: Array(repeating: 0, count: 101)), "q"),
                ]
                for (message, key) in refused {
                    #expect(
                        await code { try await session.publish(message, exchange: "", routingKey: key) }
                            == .invalidArgument)
                }
                #expect(await code { try await session.publish([]) } == .invalidArgument)
                let outcome = try await session.publishConfirmed(Message(body: [1]), exchange: "", routingKey: "q")
                #expect(outcome == .confirmed)
            }
        }

        @Test("an exchange that does not exist ends the session, and the error names it")
        func missingExchange() async throws {
            let host = try await PrivateBroker.shared().makeVirtualHost()
            let session = try await Session.open(
                host.endpoint, settings: SessionSettings(name: "test"), logger: quietLogger)
            let failure = await #expect(throws: AMQPError.self) {
                _ = try await session.publishConfirmed(Message(body: [1]), exchange: "missing", routingKey: "q")
            }
            #expect(failure?.code == .notFound)
            #expect(failure?.description.contains("missing") == true)
            #expect(await session.ended().code == .notFound)
            #expect(
                await code { try await session.publish(Message(body: []), exchange: "", routingKey: "q") } == .ended)
        }

        @Test("publishing suspends while nobody collects settlements, and goes on when they are collected")
        func uncollected() async throws {
            try await withSession(configure: { $0.settlementsMax = 4 }) { session, _ in
                try await session.declareQueue("q")
                let batch = (0..<40).map { _ in Outgoing(message: Message(body: [1]), exchange: "", routingKey: "q") }
                async let numbers = session.publish(batch)
                let settlements = try await settle(40, on: session)
                #expect(settlements.map(\.number).sorted() == Array(1...40))
                #expect(try await numbers == 1...40)
            }
        }

        @Test("publishing while nobody ever collects settlements ends with the time limit, and says why")
        func neverCollected() async throws {
            try await withSession(configure: {
                $0.settlementsMax = 1
                $0.publishWindowMax = 1
                $0.callTimeoutSeconds = 1
            }) { session, _ in
                try await session.declareQueue("q")
                _ = try await session.publish(Message(body: [1]), exchange: "", routingKey: "q")
                let failure = await #expect(throws: AMQPError.self) {
                    _ = try await session.publish(Message(body: [2]), exchange: "", routingKey: "q")
                }
                #expect(failure?.code == .timedOut)
                #expect(failure?.reason.contains("settlements") == true)
                #expect(try await session.nextSettlements() == [Settlement(number: 1, outcome: .confirmed)])
                #expect(try await session.publish(Message(body: [3]), exchange: "", routingKey: "q") == 2)
            }
        }
    }
}
