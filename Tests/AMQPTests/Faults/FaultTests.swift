import AMQP
import LoadTest
import TestSupport
import Testing

/// Tests that break their broker; one after the other on one of their own, which each leaves healthy.
@Suite("a broker that fails", .serialized, .timeLimit(.minutes(5)))
struct FaultTests {
    private static let broker = Lazy { try await PrivateBroker.start() }

    @Test("heartbeats keep an idle session alive")
    func idle() async throws {
        let host = try await Self.broker.value().makeVirtualHost()
        try await withSession(on: host.endpoint, configure: { $0.heartbeatSeconds = 1 }) { session in
            // Five intervals: without heartbeats the broker hangs up after two.
            #expect(try await end(of: session, within: .seconds(5)) == nil)
            try await session.declareQueue("q")
        }
    }

    @Test("a broker that stands still is noticed within three heartbeats")
    func frozen() async throws {
        let broker = try await Self.broker.value()
        let host = try await broker.makeVirtualHost()
        try await withSession(on: host.endpoint, configure: { $0.heartbeatSeconds = 1 }) { session in
            try broker.pause()
            let reason = try await end(of: session, within: .seconds(4))
            try broker.resume()
            #expect(reason?.code == .heartbeatMissed)
        }
    }

    @Test("when the broker stands still and the socket is full, every caller gets an error in time")
    func stuck() async throws {
        let broker = try await Self.broker.value()
        let host = try await broker.makeVirtualHost()
        try await withSession(
            on: host.endpoint,
            configure: {
                $0.callTimeoutSeconds = 2
                $0.heartbeatSeconds = 60
            }
        ) { session in
            try await session.declareQueue("q")
            try broker.pause()
            let start = ContinuousClock.now
            let big = Message(body: Array(repeating: 1, count: 8 << 20), isPersistent: false)
            let codes = await withTaskGroup(of: AMQPError.Code?.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        await code { try await session.publishConfirmed(big, exchange: "", routingKey: "q") }
                    }
                    group.addTask { await code { try await session.inspectQueue("q") } }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let duration = ContinuousClock.now - start
            try broker.resume()
            #expect(codes.count == 12)
            #expect(codes.allSatisfy { $0 == .timedOut || $0 == .ended })
            #expect(duration < .seconds(30))
            #expect(await session.ended().code == .timedOut)
        }
    }

    @Test("closing a session with a broker that stands still is bounded")
    func stuckClose() async throws {
        let broker = try await Self.broker.value()
        let host = try await broker.makeVirtualHost()
        try await withSession(on: host.endpoint, configure: { $0.closeTimeoutSeconds = 1 }) { session in
            try broker.pause()
            let start = ContinuousClock.now
            await session.close()
            let duration = ContinuousClock.now - start
            try broker.resume()
            #expect(duration < .seconds(30))
            #expect(await session.ended().code == .closed)
        }
    }

    @Test("during a memory alarm publishers time out cleanly, consumers go on, and publishing goes on afterwards")
    func memoryAlarm() async throws {
        let broker = try await Self.broker.value()
        let host = try await broker.makeVirtualHost()
        try await withSession(on: host.endpoint, name: "publisher", configure: { $0.callTimeoutSeconds = 2 }) {
            publisher in
            try await withSession(on: host.endpoint, name: "consumer") { other in
                try await publisher.declareQueue("q")
                try await fill("q", with: 3, on: publisher)
                try await broker.setMemoryAlarm(true)
                // The broker tells of the alarm when the connection publishes next.
                let message = Message(body: [9])
                async let first = code { try await publisher.publishConfirmed(message, exchange: "", routingKey: "q") }
                var events = publisher.events.makeAsyncIterator()
                guard case .blocked(let reason) = await events.next() else {
                    Issue.record("no event for the alarm")
                    return
                }
                #expect(reason.contains("memory"))
                #expect(await first == .blocked)
                #expect(await code { try await publisher.publish(message, exchange: "", routingKey: "q") } == .blocked)

                let consumer = try await other.consume("q", prefetchMax: 10)
                let deliveries = try await take(3, from: consumer)
                try await other.acknowledge(deliveries[2].tag, isMultiple: true)

                try await broker.setMemoryAlarm(false)
                #expect(await events.next() == .unblocked)
                #expect(try await publisher.publishConfirmed(message, exchange: "", routingKey: "q") == .confirmed)
                #expect(try await take(1, from: consumer)[0].message.body == [9])
            }
        }
    }

    @Test("a killed broker is an error at once for everyone, and what it confirmed is there after its restart")
    func killed() async throws {
        let broker = try await Self.broker.value()
        let host = try await broker.makeVirtualHost()
        try await withSession(on: host.endpoint, configure: { $0.heartbeatSeconds = 60 }) { session in
            try await session.declareQueue("q", arguments: ["x-queue-type": "quorum"])
            try await session.declareQueue("empty")
            try await broker.keepDeclarations()
            try await fill("q", with: 5, on: session)
            let consumer = try await session.consume("empty", prefetchMax: 1)
            async let next = code { try await consumer.next(max: 1) }
            async let settlements = code { try await session.nextSettlements() }
            async let reason = end(of: session, within: .seconds(5))
            try await broker.kill()
            #expect(try await reason?.code == .connectionClosed)
            #expect([.connectionClosed, .ended].contains(await next))
            #expect([.connectionClosed, .ended].contains(await settlements))
        }
        #expect(await code { try await withSession(on: host.endpoint) { _ in } } == .unreachable)
        try await broker.restart()
        // A quorum queue answers only when it has elected a leader.
        try await withSession(on: host.endpoint, configure: { $0.callTimeoutSeconds = 30 }) { session in
            let consumer = try await session.consume("q", prefetchMax: 10)
            #expect(try await take(5, from: consumer).map(\.message.body) == [[0], [1], [2], [3], [4]])
        }
    }
}

/// Why the session ended, nil when it is alive after that time.
private func end(of session: Session, within limit: Duration) async throws -> AMQPError? {
    try await withThrowingTaskGroup(of: AMQPError?.self) { group in
        group.addTask { await session.ended() }
        group.addTask {
            try await Task.sleep(for: limit)  // the limit of the wait
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}
