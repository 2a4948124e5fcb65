package import Foundation
import AMQP

/// A broker's objects in the form that `rabbitmqctl import_definitions` reads: no users, no permissions, no secrets.
package struct Definitions: Encodable, Sendable {
    private let vhosts: [VirtualHost]
    private let exchanges: [Exchange]
    private let queues: [Queue]
    private let bindings: [Binding]

    package init(_ objects: BrokerObjects, virtualHost: String) {
        vhosts = [VirtualHost(name: virtualHost)]
        exchanges = objects.exchanges.map {
            Exchange(
                name: $0.name, vhost: virtualHost, type: $0.kind, durable: $0.isDurable, auto_delete: $0.isAutoDelete,
                internal: $0.isInternal, arguments: $0.arguments.mapValues(Argument.init))
        }
        queues = objects.queues.map {
            Queue(
                name: $0.name, vhost: virtualHost, durable: $0.isDurable, auto_delete: $0.isAutoDelete,
                arguments: $0.arguments.mapValues(Argument.init))
        }
        bindings = objects.bindings.map {
            Binding(
                source: $0.exchange, vhost: virtualHost, destination: $0.queue, destination_type: "queue",
                routing_key: $0.key, arguments: [:])
        }
    }

    /// Keys are sorted and lists are in the order of the topology, so that two exports can be compared line by line.
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }

    // The members below carry the broker's own names.

    private struct VirtualHost: Encodable {
        let name: String
    }

    private struct Exchange: Encodable {
        let name, vhost, type: String
        let durable, auto_delete, `internal`: Bool
        let arguments: [String: Argument]
    }

    private struct Queue: Encodable {
        let name, vhost: String
        let durable, auto_delete: Bool
        let arguments: [String: Argument]
    }

    private struct Binding: Encodable {
        let source, vhost, destination, destination_type, routing_key: String
        let arguments: [String: Argument]
    }

    private struct Argument: Encodable {
        let field: Field

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch field {
            case .bool(let value): try container.encode(value)
            case .int(let value): try container.encode(value)
            default: try container.encode(field.shown)
            }
        }
    }
}
