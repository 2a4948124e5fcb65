import AMQP
import CareRecord

extension Message {
    /// Properties and headers as JSON with sorted header names; kinds that JSON has no word for as `{"kind": "…"}`.
    var propertiesText: String {
        var writer = JSONWriter()
        writer.object { message in
            message.member("contentType", contentType)
            message.member("contentEncoding", contentEncoding)
            message.member("messageID", messageID)
            message.member("correlationID", correlationID)
            message.member("replyTo", replyTo)
            message.member("type", type)
            message.member("appID", appID)
            message.member("userID", userID)
            message.member("expiration", expiration)
            message.member("timestamp", timestamp.map { JSON.number(String($0)) })
            message.member("priority", priority.map(Int64.init))
            message.member("isPersistent", isPersistent)
            message.member("headers", Field.table(headers).json)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension Field {
    fileprivate var json: JSON {
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
        case .double(let value): ["double": .string("\(value)")]
        case .decimal(let scale, let value): ["decimal": .string("\(value)e-\(scale)")]
        case .timestamp(let seconds): ["timestamp": .string("\(seconds)")]
        case .bytes(let bytes): ["bytes": .array(bytes.map { .number(String($0)) })]
        }
    }
}
