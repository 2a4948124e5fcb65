import AMQP
import CareRecord
import TestSupport

@testable import Replication

/// A change message of barts as a broker puts it aside.
enum BrokerLetter {
    static let deadQueue = BrokerNames.deadQueue(Seat(homerton))

    static func message() -> Message { outgoing().message }

    private static func outgoing() -> Outgoing {
        var source = SampleSource(barts)
        // Never fails: the sample is in memory.
        try? source.set("Condition/c", SampleSource.patients[0], code: "1")
        return ChangeBatch.message(
            source: barts, source.page(JournalStretch(after: 0)), sentAt: Timestamp(milliseconds: 0))
    }

    /// As RabbitMQ writes it; members may be changed or, with nil, taken away.
    static func entry(_ changes: [String: Field?] = [:]) -> Field {
        var entry: [String: Field] = [
            "count": 1, "reason": "delivery_limit", "queue": "wherry.changes.homerton",
            "time": .timestamp(1_767_225_600), "exchange": "wherry.changes",
            "routing-keys": .array(["change.barts"]),
        ]
        for (name, value) in changes { entry[name] = value }
        return .table(entry)
    }

    static func dead(
        _ deaths: Field? = entry(), exchange: String = BrokerNames.deadExchange, routingKey: String = "homerton",
        isTruncated: Bool = false, _ change: (inout Message) -> Void = { _ in }
    ) -> Delivery {
        var message = message()
        if let deaths { message.headers["x-death"] = .array([deaths]) }
        change(&message)
        return Delivery(
            message: message, tag: DeliveryTag(number: 1), isRedelivered: false, exchange: exchange,
            routingKey: routingKey, isTruncated: isTruncated)
    }

    static func unrouted(
        exchange: String = BrokerNames.changesExchange, routingKey: String = "change.barts",
        _ change: (inout Message) -> Void = { _ in }
    ) -> Delivery { dead(nil, exchange: exchange, routingKey: routingKey, change) }
}
