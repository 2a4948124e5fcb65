import AMQP
import LoadTest
import Logging
import TestSupport
import Testing

/// Tests against a real broker: each has a virtual host of its own on the one that the test process shares.
@Suite("against a broker", .timeLimit(.minutes(3)))
struct BrokerTests {}

/// A session on a new virtual host, closed when the body is done.
func withSession<Result>(
    name: String = "test",
    configure: (inout SessionSettings) -> Void = { _ in },
    _ body: (Session, PrivateBroker.VirtualHost) async throws -> Result
) async throws -> Result {
    let host = try await PrivateBroker.shared().makeVirtualHost()
    return try await withSession(on: host.endpoint, name: name, configure: configure) { try await body($0, host) }
}

func withSession<Result>(
    on endpoint: Endpoint,
    name: String = "test",
    configure: (inout SessionSettings) -> Void = { _ in },
    _ body: (Session) async throws -> Result
) async throws -> Result {
    var settings = SessionSettings(name: name)
    configure(&settings)
    let session = try await Session.open(endpoint, settings: settings, logger: quietLogger)
    do {
        let result = try await body(session)
        await session.close()
        return result
    } catch {
        session.interrupt()
        throw error
    }
}

let quietLogger: Logger = {
    var logger = Logger(label: "wherry.test")
    logger.logLevel = .critical
    return logger
}()

/// The code of the error that the body throws, nil when it throws none.
func code<Result>(of body: () async throws -> Result) async -> AMQPError.Code? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? AMQPError)?.code
    }
}

/// Deliveries until there are `count`.
func take(_ count: Int, from consumer: Consumer) async throws -> [Delivery] {
    var deliveries: [Delivery] = []
    while deliveries.count < count {
        deliveries += try await consumer.next(max: count - deliveries.count)
    }
    return deliveries
}

/// Settlements until there are `count`.
func settle(_ count: Int, on session: Session) async throws -> [Settlement] {
    var settlements: [Settlement] = []
    while settlements.count < count { settlements += try await session.nextSettlements() }
    return settlements
}
