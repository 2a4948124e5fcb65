package import AMQP
package import CareRecord

extension Message {
    /// Properties and headers as JSON with sorted header names; kinds that JSON has no word for as `{"kind": "…"}`.
    package var propertiesText: String {
        var writer = JSONWriter(capacity: 512)
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

    /// A message with the properties that `propertiesText` wrote; `nil` for what it never wrote.
    package init?(propertiesText: some Collection<UInt8>, body: [UInt8]) {
        guard let json = try? JSON.parse(Array(propertiesText)), json.object != nil,
            let headers = Field(json["headers"] ?? [:])?.table
        else { return nil }
        func unsigned(_ name: String) -> UInt64? {
            guard case .number(let text)? = json[name] else { return nil }
            return UInt64(text)
        }
        self.init(
            body: body, contentType: json["contentType"]?.text, contentEncoding: json["contentEncoding"]?.text,
            messageID: json["messageID"]?.text, correlationID: json["correlationID"]?.text,
            replyTo: json["replyTo"]?.text, type: json["type"]?.text, appID: json["appID"]?.text,
            userID: json["userID"]?.text, expiration: json["expiration"]?.text, timestamp: unsigned("timestamp"),
            isPersistent: json["isPersistent"]?.bool ?? true, priority: unsigned("priority").flatMap(UInt8.init),
            headers: headers)
    }
}

extension Field {
    /// The names under which the kinds are written that JSON has no word for.
    private static let kinds: Set<String> = ["double", "decimal", "timestamp", "bytes", "table"]

    fileprivate var table: [String: Field]? {
        guard case .table(let table) = self else { return nil }
        return table
    }

    /// As JSON; kinds that JSON has no word for as `{"kind": "…"}`.
    package var json: JSON {
        switch self {
        case .bool(let value): .bool(value)
        case .int(let value): .number(String(value))
        case .string(let text): .string(text)
        case .array(let fields): .array(fields.map(\.json))
        case .table(let fields):
            // A table that looks like one of the kinds says that it is none.
            fields.count == 1 && Self.kinds.contains(fields.first?.key ?? "")
                ? ["table": Self.object(fields)] : Self.object(fields)
        case .void: .null
        case .double(let value): ["double": .string("\(value)")]
        case .decimal(let scale, let value): ["decimal": .string("\(value)e-\(scale)")]
        case .timestamp(let seconds): ["timestamp": .string("\(seconds)")]
        case .bytes(let bytes): ["bytes": .array(bytes.map { .number(String($0)) })]
        }
    }

    private static func object(_ fields: [String: Field]) -> JSON {
        .object(
            JSONObject(fields.sorted { $0.key < $1.key }.map { JSONObject.Member(name: $0.key, value: $0.value.json) }))
    }

    /// Reads what `json` gives; `nil` for anything else.
    package init?(_ json: JSON) {
        switch json {
        case .null: self = .void
        case .bool(let value): self = .bool(value)
        case .string(let text): self = .string(text)
        case .number(let text):
            if let number = Int64(text) {
                self = .int(number)
            } else if let number = Double(text) {
                self = .double(number)
            } else {
                return nil
            }
        case .array(let elements):
            let fields = elements.compactMap(Field.init)
            guard fields.count == elements.count else { return nil }
            self = .array(fields)
        case .object(let object):
            if object.members.count == 1, let member = object.members.first, Self.kinds.contains(member.name) {
                guard let field = Field(kind: member.name, member.value) else { return nil }
                self = field
                return
            }
            guard let table = Self.table(object) else { return nil }
            self = .table(table)
        }
    }

    private static func table(_ object: JSONObject) -> [String: Field]? {
        var table: [String: Field] = [:]
        for member in object.members {
            guard let field = Field(member.value) else { return nil }
            table[member.name] = field
        }
        return table
    }

    private init?(kind: String, _ json: JSON) {
        switch kind {
        case "double":
            guard let value = json.text.flatMap(Double.init) else { return nil }
            self = .double(value)
        case "decimal":
            let parts = json.text?.components(separatedBy: "e-") ?? []
            guard parts.count == 2, let value = UInt32(parts[0]), let scale = UInt8(parts[1]) else { return nil }
            self = .decimal(scale: scale, value: value)
        case "timestamp":
            guard let seconds = json.text.flatMap(UInt64.init) else { return nil }
            self = .timestamp(seconds)
        case "bytes":
            let bytes = json.elements?.compactMap { $0.integer.flatMap { UInt8(exactly: $0) } }
            guard let bytes, bytes.count == json.elements?.count else { return nil }
            self = .bytes(bytes)
        case "table":
            guard let object = json.object, let table = Self.table(object) else { return nil }
            self = .table(table)
        default: return nil
        }
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [Substring] {
        guard let range = firstRange(of: separator) else { return [self[...]] }
        return [self[..<range.lowerBound], self[range.upperBound...]]
    }
}
