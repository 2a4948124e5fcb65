package import AMQP
package import Logging
import Replication

/// Declares and removes the mesh's objects on one broker over AMQP. Everything it does may be done again.
package struct BrokerDeclarations: Sendable {
    private let broker: String
    private let session: Session

    /// Runs `body` over a session to the first address of the link that opens one.
    package static func with<Result: Sendable>(
        _ link: BrokerLink, access: BrokerAccess, logger: Logger,
        _ body: (BrokerDeclarations) async throws(TopologyError) -> Result
    ) async throws(TopologyError) -> Result {
        let session = try await open(link, access: access, logger: logger)
        do {
            let result = try await body(BrokerDeclarations(broker: link.name, session: session))
            await session.close()
            return result
        } catch {
            await session.close()
            throw error
        }
    }

    /// Exchanges first, then queues, then what binds them, then exchanges to which nothing is bound. Returns what the
    /// broker refused; the rest is declared.
    package func declare(_ objects: BrokerObjects) async throws(TopologyError) -> [TopologyError] {
        var refusals: [TopologyError] = []
        let bound = Set(objects.bindings.map(\.exchange))
        try await declare(objects.exchanges.filter { bound.contains($0.name) }, &refusals)
        for queue in objects.queues {
            try await declaring("queue \(queue.name)", &refusals) { () async throws(AMQPError) in
                try await session.declareQueue(
                    queue.name, isDurable: queue.isDurable, isAutoDelete: queue.isAutoDelete,
                    arguments: queue.arguments)
            }
        }
        for binding in objects.bindings {
            try await declaring("binding \(binding)", &refusals) { () async throws(AMQPError) in
                try await session.bindQueue(binding.queue, exchange: binding.exchange, routingKey: binding.key)
            }
        }
        // A worker that waits for its broker begins when it finds these: then nothing that it sends reaches nobody.
        try await declare(objects.exchanges.filter { !bound.contains($0.name) }, &refusals)
        return refusals
    }

    private func declare(
        _ exchanges: [ExchangeObject], _ refusals: inout [TopologyError]
    ) async throws(TopologyError) {
        for exchange in exchanges {
            guard let kind = ExchangeKind(rawValue: exchange.kind) else { continue }
            try await declaring("exchange \(exchange.name)", &refusals) { () async throws(AMQPError) in
                try await session.declareExchange(
                    exchange.name, kind: kind, isDurable: exchange.isDurable, isAutoDelete: exchange.isAutoDelete,
                    isInternal: exchange.isInternal, arguments: exchange.arguments)
            }
        }
    }

    /// Which queues go with their messages.
    package enum Removal: Sendable {
        case emptyQueuesOnly
        case queuesWithMessages
    }

    /// Removes bindings, then queues, then exchanges; returns the queues that it kept because they hold messages.
    ///
    /// RabbitMQ's quorum queues do not take `if-empty`, so the count is asked for just before.
    package func remove(_ objects: BrokerObjects, _ removal: Removal) async throws(TopologyError) -> [QueueCounts] {
        for binding in objects.bindings {
            try await asking("binding \(binding)") { () async throws(AMQPError) in
                try await session.unbindQueue(binding.queue, exchange: binding.exchange, routingKey: binding.key)
            }
        }
        var kept: [QueueCounts] = []
        for queue in objects.queues {
            let counts = try await asking("queue \(queue.name)") { () async throws(AMQPError) in
                try await session.inspectQueue(queue.name)
            }
            if counts.messages > 0, removal == .emptyQueuesOnly {
                kept.append(counts)
                continue
            }
            try await asking("queue \(queue.name)") { () async throws(AMQPError) in
                try await session.deleteQueue(queue.name)
            }
        }
        for exchange in objects.exchanges {
            try await asking("exchange \(exchange.name)") { () async throws(AMQPError) in
                try await session.deleteExchange(exchange.name)
            }
        }
        return kept
    }

    private static func open(
        _ link: BrokerLink, access: BrokerAccess, logger: Logger
    ) async throws(TopologyError) -> Session {
        var last: AMQPError?
        for address in link.addresses {
            let endpoint = try access.endpoint(address)
            do {
                return try await Session.open(
                    endpoint, settings: SessionSettings(name: "wherry topology"), logger: logger)
            } catch {
                last = error
            }
        }
        let advice =
            switch last?.code {
            // These say themselves what to do.
            case .tlsFailed: ""
            case .authenticationRefused where access.tls != nil && access.user == nil: ""
            case .authenticationRefused: ": give --broker-user and --broker-password-file"
            default: ": check its address and that it is running"
            }
        throw TopologyError(
            .brokerUnreachable,
            "broker \(link.name) at \(link.shownAddresses.joined(separator: ", ")) cannot be used\(advice) "
                + "(\(last?.description ?? "no address"))",
            cause: last)
    }

    private func declaring(
        _ object: String, _ refusals: inout [TopologyError], _ act: () async throws(AMQPError) -> Void
    ) async throws(TopologyError) {
        do {
            try await asking(object, act)
        } catch {
            guard error.isRefusal else { throw error }
            refusals.append(error)
        }
    }

    @discardableResult
    private func asking<Result: Sendable>(
        _ object: String, _ act: () async throws(AMQPError) -> Result
    ) async throws(TopologyError) -> Result {
        do {
            return try await act()
        } catch {
            throw TopologyError(
                .declarationRefused, "\(object) on broker \(broker): \(Self.explanation(of: error))", cause: error)
        }
    }

    private static func explanation(of error: AMQPError) -> String {
        switch error.code {
        case .preconditionFailed:
            "it exists with other properties (406): see wherry topology plan, delete it once it is empty, apply again"
        case .accessRefused:
            "the user may not do this (403): give --broker-user one with configure, write and read permission on "
                + "names that begin with \(BrokerNames.prefix)"
        case .notFound: "not found (404): run wherry topology apply again"
        default: error.description
        }
    }
}

extension TopologyError {
    /// Whether the broker said no to one object and takes the next one.
    fileprivate var isRefusal: Bool {
        guard let cause = cause as? AMQPError else { return false }
        return [.preconditionFailed, .accessRefused, .notFound, .resourceLocked].contains(cause.code)
    }
}
