package import AMQP

/// Everything that belongs to the mesh on one broker, wanted or found.
package struct BrokerObjects: Sendable, Hashable {
    package var exchanges: [ExchangeObject]
    package var queues: [QueueObject]
    package var bindings: [BindingObject]

    package init(exchanges: [ExchangeObject] = [], queues: [QueueObject] = [], bindings: [BindingObject] = []) {
        self.exchanges = exchanges
        self.queues = queues
        self.bindings = bindings
    }
}

/// An exchange as it is declared (AMQP 0-9-1 §1.6.1).
package struct ExchangeObject: Sendable, Hashable {
    package let name: String
    /// An `ExchangeKind`'s raw value, or whatever else a broker reports.
    package let kind: String
    package let isDurable: Bool
    package let isAutoDelete: Bool
    package let isInternal: Bool
    package let arguments: [String: Field]

    package init(
        name: String, kind: String, isDurable: Bool = true, isAutoDelete: Bool = false, isInternal: Bool = false,
        arguments: [String: Field] = [:]
    ) {
        self.name = name
        self.kind = kind
        self.isDurable = isDurable
        self.isAutoDelete = isAutoDelete
        self.isInternal = isInternal
        self.arguments = arguments
    }
}

/// A queue as it is declared (AMQP 0-9-1 §1.7.1).
package struct QueueObject: Sendable, Hashable {
    package let name: String
    package let isDurable: Bool
    package let isAutoDelete: Bool
    package let arguments: [String: Field]

    package init(
        name: String, isDurable: Bool = true, isAutoDelete: Bool = false, arguments: [String: Field] = [:]
    ) {
        self.name = name
        self.isDurable = isDurable
        self.isAutoDelete = isAutoDelete
        self.arguments = arguments
    }
}

/// A queue bound to an exchange under a routing key.
package struct BindingObject: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let exchange: String
    package let queue: String
    package let key: String

    package init(exchange: String, queue: String, key: String) {
        self.exchange = exchange
        self.queue = queue
        self.key = key
    }

    package var description: String { "\(exchange) → \(queue) (\(key.isEmpty ? "no key" : key))" }

    package static func < (left: BindingObject, right: BindingObject) -> Bool {
        (left.exchange, left.queue, left.key) < (right.exchange, right.queue, right.key)
    }
}
