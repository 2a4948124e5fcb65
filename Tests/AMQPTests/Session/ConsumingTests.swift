import AMQP
import LoadTest
import TestSupport
import Testing

extension BrokerTests {
    @Suite("consuming")
    struct Consuming {
        @Test("deliveries arrive in order, and no more than the prefetch before they are acknowledged")
        func prefetch() async throws {
            try await withSession { session, _ in
                try await session.declareQueue("q")
                try await fill("q", with: 10, on: session)
                let consumer = try await session.consume("q", prefetchMax: 3)
                let first = try await take(3, from: consumer)
                #expect(first.map(\.message.body) == [[0], [1], [2]])
                #expect(try await session.inspectQueue("q").messages == 7)
                try await session.acknowledge(first[2].tag, isMultiple: true)
                let second = try await take(3, from: consumer)
                #expect(second.map(\.message.body) == [[3], [4], [5]])
            }
        }

        @Test("what is rejected without requeueing goes, what is requeued comes back as redelivered")
        func reject() async throws {
            try await withSession { session, _ in
                try await session.declareQueue("q")
                try await fill("q", with: 3, on: session)
                let consumer = try await session.consume("q", prefetchMax: 3)
                let deliveries = try await take(3, from: consumer)
                #expect(deliveries.allSatisfy { !$0.isRedelivered })
                try await session.reject(deliveries[0].tag, requeues: false)
                try await session.acknowledge(deliveries[1].tag)
                try await session.reject(deliveries[2].tag, isMultiple: true, requeues: true)
                let again = try await take(1, from: consumer)
                #expect(again.map(\.message.body) == [[2]])
                #expect(again.allSatisfy { $0.isRedelivered })
            }
        }

        @Test("what was not acknowledged comes again to the next session, and the old tag does nothing there")
        func redelivered() async throws {
            let host = try await PrivateBroker.shared().makeVirtualHost()
            let old = try await withSession(on: host.endpoint) { session in
                try await session.declareQueue("q")
                try await fill("q", with: 2, on: session)
                return try await take(2, from: try await session.consume("q", prefetchMax: 10))
            }
            try await withSession(on: host.endpoint) { session in
                let consumer = try await session.consume("q", prefetchMax: 10)
                let again = try await take(2, from: consumer)
                #expect(again.allSatisfy { $0.isRedelivered })
                try await session.acknowledge(old[1].tag, isMultiple: true)
                await consumer.cancel()
                #expect(try await session.inspectQueue("q").messages == 2)
            }
        }

        @Test("deleting the queue ends its consumer and nothing else")
        func cancelled() async throws {
            try await withSession { session, _ in
                try await session.declareQueue("q")
                try await session.declareQueue("other")
                let consumer = try await session.consume("q", prefetchMax: 10)
                let other = try await session.consume("other", prefetchMax: 10)
                async let failure = code { try await consumer.next(max: 1) }
                try await session.deleteQueue("q")
                #expect(await failure == .cancelledByBroker)
                #expect(await code { try await consumer.next(max: 1) } == .cancelledByBroker)
                try await fill("other", with: 1, on: session)
                #expect(try await take(1, from: other).count == 1)
            }
        }

        @Test("an acknowledgement the broker refuses ends the consumer, and the session goes on")
        func doubleAcknowledgement() async throws {
            try await withSession { session, _ in
                try await session.declareQueue("q")
                try await fill("q", with: 1, on: session)
                let consumer = try await session.consume("q", prefetchMax: 10)
                let deliveries = try await take(1, from: consumer)
                try await session.acknowledge(deliveries[0].tag)
                try await session.acknowledge(deliveries[0].tag)
                #expect(await code { try await consumer.next(max: 1) } == .preconditionFailed)
                try await session.acknowledge(deliveries[0].tag)
                #expect(try await session.inspectQueue("q").messages == 0)
            }
        }

        @Test("an exclusive consumer keeps others out")
        func exclusive() async throws {
            try await withSession { session, _ in
                try await session.declareQueue("q")
                let first = try await session.consume("q", prefetchMax: 1, isExclusive: true)
                #expect(await code { try await session.consume("q", prefetchMax: 1) } == .accessRefused)
                await first.cancel()
                let second = try await session.consume("q", prefetchMax: 1)
                await second.cancel()
            }
        }

        @Test("a queue that does not exist, and a prefetch without limit, are refused")
        func refused() async throws {
            try await withSession { session, _ in
                #expect(await code { try await session.consume("missing", prefetchMax: 1) } == .notFound)
                #expect(await code { try await session.consume("missing", prefetchMax: 0) } == .invalidArgument)
                try await session.declareQueue("q")
                let consumer = try await session.consume("q", prefetchMax: 1)
                #expect(await code { try await consumer.next(max: 0) } == .invalidArgument)
            }
        }

        @Test("a cancelled task stops waiting for deliveries and for settlements")
        func cancelledTasks() async throws {
            try await withSession { session, _ in
                try await session.declareQueue("q")
                let consumer = try await session.consume("q", prefetchMax: 1)
                let waits: [Task<AMQPError.Code?, Never>] = [
                    Task { await code { try await consumer.next(max: 1) } },
                    Task { await code { try await session.nextSettlements() } },
                    Task { await session.ended().code },
                ]
                for wait in waits { wait.cancel() }
                for wait in waits { #expect(await wait.value == .cancelled) }
                try await fill("q", with: 1, on: session)
                #expect(try await take(1, from: consumer).count == 1)
            }
        }
    }
}

/// Publishes messages of one byte: 0, 1, 2 …
func fill(_ queue: String, with count: UInt8, on session: Session) async throws {
    for byte in 0..<count {
        let outcome = try await session.publishConfirmed(Message(body: [byte]), exchange: "", routingKey: queue)
        #expect(outcome == .confirmed)
    }
}
