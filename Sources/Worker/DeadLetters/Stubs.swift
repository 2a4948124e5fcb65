import AMQP
import Logging

/// Where replayed letters come back. This one knows of no plan, so that it confirms no mark.
struct ReplayDesk: Sendable {
    let counters: CounterBoard
    let logger: Logger

    func redeem(_ deliveries: [Delivery]) async throws {
        counters.count { $0.replaysUnknown += Int64(deliveries.count) }
        logger.warning("replay.unknown", metadata: ["replay.count": "\(deliveries.count)"])
    }
}
