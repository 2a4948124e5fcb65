import AMQP
package import Foundation

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
                name: $0.name, vhost: virtualHost, type: $0.kind, durable: $0.isDurable, autoDelete: $0.isAutoDelete,
                internal: $0.isInternal, arguments: $0.arguments.mapValues(Argument.init))
        }
        queues = objects.queues.map {
            Queue(
                name: $0.name, vhost: virtualHost, durable: $0.isDurable, autoDelete: $0.isAutoDelete,
                arguments: $0.arguments.mapValues(Argument.init))
        }
        bindings = objects.bindings.map {
            Binding(
                source: $0.exchange, vhost: virtualHost, destination: $0.queue, destinationType: "queue",
                routingKey: $0.key, arguments: [:])
        }
    }

    /// Keys are sorted and lists are in the order of the topology, so that two exports can be compared line by line.
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }

    private struct VirtualHost: Encodable {
        let name: String
    }

    private struct Exchange: Encodable {
        let name, vhost, type: String
        let durable, autoDelete, `internal`: Bool
        let arguments: [String: Argument]

        enum CodingKeys: String, CodingKey {
            case name, vhost, type, durable
            case autoDelete = "auto_delete"
            case `internal`
            case arguments
        }
    }

    private struct Queue: Encodable {
        let name, vhost: String
        let durable, autoDelete: Bool
        let arguments: [String: Argument]

        enum CodingKeys: String, CodingKey {
            case name, vhost, durable
            case autoDelete = "auto_delete"
            case arguments
        }
    }

    private struct Binding: Encodable {
        let source, vhost, destination, destinationType, routingKey: String
        let arguments: [String: Argument]

        enum CodingKeys: String, CodingKey {
            case source, vhost, destination
            case destinationType = "destination_type"
            case routingKey = "routing_key"
            case arguments
        }
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
