import AMQP
import CareRecord
import Hummingbird
import Replication
import Worker

extension LetterEdit {
    static let members = ["by", "reason", "body", "bodyBase64", "headers", "type", "appId", "routingKey"]
    static let headersMax = 100
    static let headerBytesMax = 8192
    /// AMQP's short strings (AMQP 0-9-1 §4.2.5.3).
    static let shortStringBytesMax = 255

    /// Reads the members of an edit.
    init(_ act: ActBody) throws(Refusal) {
        self.init()
        let text = try act.text("body")
        let base64 = try act.text("bodyBase64")
        guard text == nil || base64 == nil else {
            throw Refusal(.badRequest, .invalid, "send body or bodyBase64, not both")
        }
        if let base64 {
            guard let bytes = [UInt8](base64: base64) else {
                throw Refusal(.badRequest, .value, "bodyBase64 is not base64 (RFC 4648 §4, with padding)")
            }
            body = bytes
        } else {
            body = text.map { Array($0.utf8) }
        }
        headers = try Self.headers(act["headers"])
        type = try act.line("type", bytesMax: Self.shortStringBytesMax)
        appID = try act.line("appId", bytesMax: Self.shortStringBytesMax)
        routingKey = try act.line("routingKey", bytesMax: Self.shortStringBytesMax)
        guard body != nil || !headers.isEmpty || type != nil || appID != nil || routingKey != nil else {
            throw Refusal(
                .badRequest, .required,
                "nothing is to be changed: send one of \(Self.members.dropFirst(2).joined(separator: ", "))")
        }
    }

    /// A header that is null is taken away.
    private static func headers(_ json: JSON?) throws(Refusal) -> [String: Field?] {
        guard let json else { return [:] }
        guard let members = json.object?.members else {
            throw Refusal(.badRequest, .value, "headers is an object of texts, numbers, booleans or null")
        }
        guard members.count <= headersMax else {
            throw Refusal(.badRequest, .tooCostly, "more than \(headersMax) headers")
        }
        var headers: [String: Field?] = [:]
        for member in members {
            guard member.name.isPlain(bytesMax: shortStringBytesMax) else {
                throw Refusal(
                    .badRequest, .value,
                    "the name of a header has 1 to \(shortStringBytesMax) bytes and no control characters")
            }
            let field = try field(member)
            if field != nil, Message.headersNotToSet.contains(member.name) {
                throw Refusal(
                    .badRequest, .businessRule,
                    "the header \(member.name) is a broker's or a replay's own: it can be "
                        + "taken away, not set")
            }
            headers.updateValue(field, forKey: member.name)
        }
        return headers
    }

    private static func field(_ member: JSONObject.Member) throws(Refusal) -> Field? {
        switch member.value {
        case .null: return nil
        case .bool(let value): return .bool(value)
        case .number(let text):
            if let number = Int64(text) { return .int(number) }
            guard let number = Double(text), number.isFinite else { break }
            return .double(number)
        case .string(let text):
            guard text.utf8.count <= headerBytesMax else { break }
            return .string(text)
        case .array, .object: break
        }
        throw Refusal(
            .badRequest, .value,
            "a header is a text of at most \(headerBytesMax) bytes, a number, a boolean, or null to take it away")
    }
}
