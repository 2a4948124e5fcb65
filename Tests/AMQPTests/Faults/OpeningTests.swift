import AMQP
import LoadTest
import TestSupport
import Testing

extension BrokerTests {
    @Suite("opening")
    struct Opening {
        /// What is ruled out is a wait without end; a busy machine may take its time.
        private static let patience = Duration.seconds(30)

        private func failure(
            _ url: String, connectTimeoutSeconds: Int = 5, tls: TLSFiles? = nil
        ) async throws -> (AMQPError, Duration) {
            let endpoint = try Endpoint(url: url, tls: tls)
            let settings = SessionSettings(name: "test", connectTimeoutSeconds: connectTimeoutSeconds)
            let start = ContinuousClock.now
            let error = await #expect(throws: AMQPError.self) {
                _ = try await Session.open(endpoint, settings: settings, logger: quietLogger)
            }
            return (try #require(error), .now - start)
        }

        @Test("without a broker the error comes at once and says what to check")
        func absent() async throws {
            let port = try Listener().port
            let (error, duration) = try await failure("amqp://127.0.0.1:\(port)", connectTimeoutSeconds: 120)
            #expect(error.code == .unreachable)
            #expect(error.description.contains("127.0.0.1:\(port)"))
            #expect(duration < Self.patience)
        }

        @Test("a peer that accepts and says nothing costs no more than the time limit", arguments: ["amqp", "amqps"])
        func mute(scheme: String) async throws {
            let listener = try Listener()
            let (error, duration) = try await failure(
                "\(scheme)://127.0.0.1:\(listener.port)", connectTimeoutSeconds: 1)
            #expect(error.code == .timedOut)
            #expect(duration < Self.patience)
        }

        @Test("a host name that does not exist is an error within the time limit")
        func unresolvable() async throws {
            let (error, duration) = try await failure("amqp://no-such-host.invalid", connectTimeoutSeconds: 2)
            #expect([.unreachable, .timedOut].contains(error.code))
            #expect(duration < Self.patience)
        }

        @Test("a wrong password is refused, and no error text holds it")
        func password() async throws {
            let broker = try await PrivateBroker.shared()
            let (error, _) = try await failure("amqp://guest:not-the-secret@127.0.0.1:\(try broker.port)")
            #expect(error.code == .authenticationRefused)
            #expect(!String(reflecting: error).contains("not-the-secret"))
        }

        @Test("a virtual host that does not exist is named")
        func virtualHost() async throws {
            let (error, _) = try await failure("\(try await PrivateBroker.shared().url)/nowhere")
            #expect(error.code == .notFound)
            #expect(error.description.contains("nowhere"))
        }

        @Test("cancelling the task stops the opening")
        func cancelled() async throws {
            let listener = try Listener()
            let endpoint = try Endpoint(url: "amqp://127.0.0.1:\(listener.port)")
            let task = Task {
                try await Session.open(
                    endpoint, settings: SessionSettings(name: "test", connectTimeoutSeconds: 60), logger: quietLogger)
            }
            task.cancel()
            #expect(await code { try await task.value } == .cancelled)
        }
    }

    @Suite("ending")
    struct Ending {
        @Test("a closed session says so to everyone, and lets nobody wait")
        func closed() async throws {
            try await withSession { session, _ in
                try await session.declareQueue("q")
                let consumer = try await session.consume("q", prefetchMax: 1)
                async let next = code { try await consumer.next(max: 1) }
                async let settlements = code { try await session.nextSettlements() }
                async let reason = session.ended()
                await session.close()
                #expect(await reason.code == .closed)
                #expect([.closed, .ended].contains(await next))
                #expect([.closed, .ended].contains(await settlements))
                await session.close()
                #expect(await session.ended().code == .closed)
                #expect(await code { try await consumer.next(max: 1) } == .ended)
                #expect(await code { try await session.nextSettlements() } == .ended)
                #expect(
                    await code { try await session.publish(Message(body: []), exchange: "", routingKey: "q") } == .ended
                )
                #expect(await code { try await session.inspectQueue("q") } == .ended)
                #expect(await code { try await session.consume("q", prefetchMax: 1) } == .ended)
                for await _ in session.events { Issue.record("an event after the end") }
                await consumer.cancel()
            }
        }

        @Test("an interrupted session resumes everyone at once")
        func interrupted() async throws {
            try await withSession { session, _ in
                try await session.declareQueue("q")
                let consumer = try await session.consume("q", prefetchMax: 1)
                async let next = code { try await consumer.next(max: 1) }
                async let reason = session.ended()
                session.interrupt()
                #expect(await reason.code == .interrupted)
                #expect([.interrupted, .ended].contains(await next))
            }
        }

        @Test("a connection that the broker closes gives its reason")
        func closedByBroker() async throws {
            try await withSession { session, host in
                try await PrivateBroker.shared().ctl("close_all_connections", "--vhost", host.name, "maintenance")
                let reason = await session.ended()
                #expect(reason.code == .connectionClosed)
                #expect(reason.replyCode == 320)
                #expect(reason.reason.contains("maintenance"))
            }
        }

        @Test("sessions leave no thread and no descriptor behind")
        func leftovers() async throws {
            let host = try await PrivateBroker.shared().makeVirtualHost()
            weak var last: Session?
            for _ in 0..<3 {
                try await withSession(on: host.endpoint) { session in last = session }
            }
            // The thread lets go of the session as its last act, shortly after the close.
            try await eventually { last == nil }
        }
    }
}

/// Tries again until the condition holds, for 10 s.
func eventually(_ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try await !condition() {
        try #require(ContinuousClock.now < deadline, "the condition never held")
        try await Task.sleep(for: .milliseconds(20))  // the pause of a bounded retry
    }
}
