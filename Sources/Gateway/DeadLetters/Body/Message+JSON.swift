import AMQP
import CareRecord

extension Message {
    /// The properties that the message has, but for its headers.
    var propertiesJSON: JSON {
        let properties: [(name: String, value: JSON?)] = [
            ("contentType", contentType.map(JSON.string)), ("contentEncoding", contentEncoding.map(JSON.string)),
            ("messageId", messageID.map(JSON.string)), ("correlationId", correlationID.map(JSON.string)),
            ("replyTo", replyTo.map(JSON.string)), ("type", type.map(JSON.string)), ("appId", appID.map(JSON.string)),
            ("userId", userID.map(JSON.string)), ("expiration", expiration.map(JSON.string)),
            ("timestamp", timestamp.map { .number(String($0)) }), ("priority", priority.map { .number(String($0)) }),
            ("persistent", .bool(isPersistent)),
        ]
        return .object(
            JSONObject(
                properties.compactMap { property in
                    property.value.map { JSONObject.Member(name: property.name, value: $0) }
                }))
    }
}

extension Field {
    /// As JSON, tables in the order of their names; a kind that JSON has no word for as `{"kind": …}`.
    var json: JSON {
        switch self {
        case .bool(let value): .bool(value)
        case .int(let value): .number(String(value))
        case .string(let text): .string(text)
        case .array(let fields): .array(fields.map(\.json))
        case .table(let fields):
            .object(
                JSONObject(
                    fields.sorted { $0.key < $1.key }.map { JSONObject.Member(name: $0.key, value: $0.value.json) }))
        case .void: .null
        case .double(let value): value.isFinite ? .number(String(value)) : ["double": .string(String(value))]
        case .decimal(let scale, let value): ["decimal": .string("\(value)e-\(scale)")]
        case .timestamp(let seconds): ["timestamp": .string(String(seconds))]
        case .bytes(let bytes): ["bytesBase64": .string(bytes.base64)]
        }
    }
}
