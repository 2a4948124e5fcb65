import AMQP
import LoadTest
import TestSupport
import Testing

extension BrokerTests {
    @Suite("messages")
    struct Messages {
        private func roundTrip(_ message: Message, through session: Session) async throws -> Delivery {
            try await session.declareQueue("q")
            #expect(try await session.publishConfirmed(message, exchange: "", routingKey: "q") == .confirmed)
            let consumer = try await session.consume("q", prefetchMax: 1)
            let delivery = try await take(1, from: consumer)[0]
            try await session.acknowledge(delivery.tag)
            await consumer.cancel()
            return delivery
        }

        @Test("every property and every kind of header comes back as it was sent")
        func everything() async throws {
            let message = Message(
                body: Array("body".utf8), contentType: "application/json", contentEncoding: "identity",
                messageID: "m-1", correlationID: "c-1", replyTo: "r", type: "t", appID: "a", userID: "guest",
                expiration: "60000", timestamp: 1_600_000_000, isPersistent: true, priority: 3,
                headers: [
                    "bool": true, "int": .int(.min), "double": .double(-0.5), "decimal": .decimal(scale: 2, value: 314),
                    "string": "Ægir 🐟", "empty": "", "bytes": .bytes([0, 255, 128]), "timestamp": .timestamp(.max),
                    "table": .table(["inner": .table(["deep": 1]), "none": .table([:])]),
                    "array": .array([1, "two", .array([]), .void, false]), "void": .void,
                ])
            try await withSession { session, _ in
                let delivery = try await roundTrip(message, through: session)
                #expect(delivery.message == message)
                #expect(delivery.exchange == "")
                #expect(delivery.routingKey == "q")
                #expect(!delivery.isRedelivered && !delivery.isTruncated)
            }
        }

        @Test("properties that were not set are absent", arguments: [true, false])
        func nothing(isPersistent: Bool) async throws {
            let message = Message(body: [], isPersistent: isPersistent)
            try await withSession { session, _ in
                let delivery = try await roundTrip(message, through: session)
                #expect(delivery.message == message)
            }
        }

        @Test(
            "bodies around the frame size, and of many frames, arrive whole", arguments: [4_087, 4_088, 4_089, 1 << 20])
        func sizes(size: Int) async throws {
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
            try await withSession(configure: { $0.frameSizeMaxBytes = 4_096 }) { session, _ in
                let delivery = try await roundTrip(Message(body: body), through: session)
                #expect(delivery.message.body == body)
            }
        }

        @Test("a delivery above the limit arrives truncated, and the next one whole")
        func truncated() async throws {
            let host = try await PrivateBroker.shared().makeVirtualHost()
            try await withSession(on: host.endpoint) { session in
                try await session.declareQueue("q")
                for size in [300_000, 10] {
                    let body = Array(repeating: UInt8(5), count: size)
                    _ = try await session.publishConfirmed(Message(body: body), exchange: "", routingKey: "q")
                }
            }
            try await withSession(on: host.endpoint, configure: { $0.bodySizeMaxBytes = 1_000 }) { session in
                let consumer = try await session.consume("q", prefetchMax: 10)
                let deliveries = try await take(2, from: consumer)
                #expect(deliveries.map(\.message.body.count) == [1_000, 10])
                #expect(deliveries.map { $0.isTruncated } == [true, false])
            }
        }

        @Test("headers of another client, however odd or deep, arrive and never trap")
        func foreign() async throws {
            let host = try await PrivateBroker.shared().makeVirtualHost()
            try await withSession(on: host.endpoint) { session in
                try await session.declareQueue("q")
                // pika: decimals, dates, bytes, big integers, nesting, and a name that is not UTF-8 in a value.
                let script = """
                    import sys, pika, decimal, datetime
                    deep = 1
                    for _ in range(200): deep = [deep]
                    channel = pika.BlockingConnection(pika.URLParameters(sys.argv[1])).channel()
                    channel.basic_publish('', 'q', b'', pika.BasicProperties(headers={
                        'decimal': decimal.Decimal('3.14'), 'none': None, 'big': 2**62, 'small': -1,
                        'date': datetime.datetime(2020, 10, 1), 'bytes': b'\\xff\\xfe', 'deep': deep,
                        'table': {'list': [1, {'k': None}], 'empty': {}}, '': 'empty name'}))
                    """
                try await Subprocess.run("/usr/bin/python3", ["-c", script, host.url])
                let consumer = try await session.consume("q", prefetchMax: 1)
                let message = try await take(1, from: consumer)[0].message
                #expect(message.body.isEmpty)
                #expect(message.headers["decimal"] == .decimal(scale: 2, value: 314))
                #expect(message.headers["none"] == .void)
                #expect(message.headers["big"] == .int(1 << 62))
                #expect(message.headers["small"] == .int(-1))
                #expect(message.headers["date"] == .timestamp(1_601_510_400))
                #expect(
                    message.headers["table"]
                        == .table(["list": .array([1, .table(["k": .void])]), "empty": .table([:])]))
                #expect(message.headers[""] == "empty name")
                #expect(message.headers["deep"]?.depth == Field.depthMax)
                #expect(message.headers["bytes"] != nil)
            }
        }

        @Test("headers nested as deep as a frame holds do not exhaust the stack")
        func bottomless() async throws {
            let host = try await PrivateBroker.shared().makeVirtualHost()
            try await withSession(on: host.endpoint) { session in
                try await session.declareQueue("q")
                // pika encodes by recursion too, so it gets the nesting as bytes: an array is "A", its length, its
                // items.
                let script = """
                    import sys, pika, struct
                    from pika import data
                    nested = b'V'
                    for _ in range(25000): nested = b'A' + struct.pack('>I', len(nested)) + nested
                    encode = data.encode_value
                    def encode_value(pieces, value):
                        if value != 'NESTED': return encode(pieces, value)
                        pieces.append(nested)
                        return len(nested)
                    data.encode_value = encode_value
                    channel = pika.BlockingConnection(pika.URLParameters(sys.argv[1])).channel()
                    channel.basic_publish('', 'q', b'', pika.BasicProperties(headers={'deep': 'NESTED'}))
                    """
                try await Subprocess.run("/usr/bin/python3", ["-c", script, host.url])
                let consumer = try await session.consume("q", prefetchMax: 1)
                let delivery = try await take(1, from: consumer)[0]
                #expect(delivery.message.headers["deep"]?.depth == Field.depthMax)
            }
        }

        @Test("another client reads what a session publishes")
        func read() async throws {
            try await withSession { session, host in
                try await session.declareQueue("q")
                let body = Array(repeating: UInt8(ascii: "x"), count: 200_000)
                _ = try await session.publishConfirmed(Message(body: body), exchange: "", routingKey: "q")
                let output = try await Subprocess.run(
                    "/bin/sh", ["-c", "amqp-get --url=\"$0\" --queue=q | wc -c", host.url])
                #expect(output.contains("200000"))
            }
        }
    }
}

extension Field {
    /// How many arrays are inside one another.
    fileprivate var depth: Int {
        guard case .array(let items) = self else { return 0 }
        return 1 + (items.first?.depth ?? 0)
    }
}
