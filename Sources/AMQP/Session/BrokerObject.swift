/// The four kinds of exchange every broker has.
package enum ExchangeKind: String, Sendable, CaseIterable {
    case topic, direct, fanout, headers
}

/// What a declaration says about a queue, at that moment.
package struct QueueCounts: Sendable, Equatable {
    /// The name, chosen by the broker when "" was asked for.
    package let name: String
    /// Messages ready for delivery.
    package let messages: UInt32
    package let consumers: UInt32

    package init(name: String, messages: UInt32, consumers: UInt32) {
        self.name = name
        self.messages = messages
        self.consumers = consumers
    }
}
