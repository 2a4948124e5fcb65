import AMQP

/// One element of `/api/exchanges/{virtualHost}`.
struct ExchangeAnswer: Decodable {
    let name: String
    let type: String
    let durable: Bool
    let autoDelete: Bool
    let `internal`: Bool
    let arguments: ArgumentsAnswer?

    enum CodingKeys: String, CodingKey {
        case name, type, durable
        case autoDelete = "auto_delete"
        case `internal`
        case arguments
    }

    var object: ExchangeObject {
        ExchangeObject(
            name: name, kind: type, isDurable: durable, isAutoDelete: autoDelete, isInternal: `internal`,
            arguments: arguments?.fields ?? [:])
    }
}

/// One element of `/api/queues/{virtualHost}`.
struct QueueAnswer: Decodable {
    let name: String
    let durable: Bool
    let autoDelete: Bool
    let exclusive: Bool?
    let arguments: ArgumentsAnswer?

    enum CodingKeys: String, CodingKey {
        case name, durable
        case autoDelete = "auto_delete"
        case exclusive, arguments
    }

    var object: QueueObject {
        QueueObject(name: name, isDurable: durable, isAutoDelete: autoDelete, arguments: arguments?.fields ?? [:])
    }
}

/// One element of `/api/bindings/{virtualHost}`.
struct BindingAnswer: Decodable {
    let source: String
    let destination: String
    let destinationType: String
    let routingKey: String

    enum CodingKeys: String, CodingKey {
        case source, destination
        case destinationType = "destination_type"
        case routingKey = "routing_key"
    }

    var object: BindingObject { BindingObject(exchange: source, queue: destination, key: routingKey) }
}

/// A table of arguments. An empty one may come as an empty list.
struct ArgumentsAnswer: Decodable {
    let fields: [String: Field]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let answers = (try? container.decode([String: FieldAnswer].self)) ?? [:]
        fields = answers.mapValues(\.field)
    }
}

/// The value of one argument. What we never write ourselves is only told apart from what we do.
private struct FieldAnswer: Decodable {
    let field: Field

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            field = .bool(flag)
        } else if let number = try? container.decode(Int64.self) {
            field = .int(number)
        } else if let text = try? container.decode(String.self) {
            field = .string(text)
        } else if let number = try? container.decode(Double.self) {
            field = .double(number)
        } else {
            field = .void
        }
    }
}

/// One element of `/api/users`.
struct UserAnswer: Decodable {
    let name: String
    private let tags: TagsAnswer
    private let passwordHash: String?

    enum CodingKeys: String, CodingKey {
        case name, tags
        case passwordHash = "password_hash"
    }

    func account(_ permissions: PermissionsAnswer?, _ topics: [TopicPermissionsAnswer]) -> BrokerAccount {
        BrokerAccount(
            name: name, tags: tags.tags, hasPassword: !(passwordHash ?? "").isEmpty,
            permissions: permissions.map {
                BrokerAccount.Permissions(configure: $0.configure, write: $0.write, read: $0.read)
            },
            topics: Dictionary(
                topics.map { ($0.exchange, BrokerAccount.TopicPermissions(write: $0.write, read: $0.read)) },
                uniquingKeysWith: { first, _ in first }))
    }
}

/// A list, or before RabbitMQ 3.9 a text with commas.
private struct TagsAnswer: Decodable {
    let tags: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let list = try? container.decode([String].self) {
            tags = list
        } else {
            tags = try container.decode(String.self).split(separator: ",").map(String.init)
        }
    }
}

/// One element of `/api/permissions`.
struct PermissionsAnswer: Decodable {
    let user, vhost, configure, write, read: String
}

/// One element of `/api/topic-permissions`.
struct TopicPermissionsAnswer: Decodable {
    let user, vhost, exchange, write, read: String
}
