import CareRecord
import Foundation

/// What a letter holds: its body, its headers and the properties that can be edited.
struct LetterContent: Equatable {
    var body: [UInt8]
    var headers: JSONObject
    var type: String?
    var appID: String?
    var routingKey: String?

    /// As it is now.
    init(_ letter: JSON) {
        body = Self.bytes(letter)
        headers = letter["message"]?["headers"]?.object ?? JSONObject()
        type = letter["message"]?["properties"]?["type"]?.text ?? letter["type"]?.text
        appID = letter["message"]?["properties"]?["appId"]?.text
        routingKey = letter["routingKey"]?.text
    }

    /// As it came, where it was edited since; what is not known of that stays as it is.
    init?(originalOf letter: JSON) {
        guard let original = letter["original"]?.present else { return nil }
        self.init(letter)
        body = Self.bytes(original)
        headers = original["headers"]?.object ?? headers
    }

    /// `nil` where the body is no text.
    var text: String? { String(validating: body, as: UTF8.self) }

    /// The body in lines to compare and to look at: of one JSON value one line a member, of other text its own, of
    /// anything else a dump.
    var lines: [String] {
        if let json = try? JSON.parse(body) { return json.indentedLines.map { VisibleText.line($0) } }
        return text.map { VisibleText.lines($0) } ?? HexDump.lines(body)
    }

    /// What differs from an earlier content: properties and headers first.
    func diff(from before: LetterContent) -> [String] {
        let properties: [(String, String?, String?)] = [
            ("type", before.type, type), ("app id", before.appID, appID),
            ("routing key", before.routingKey, routingKey),
        ]
        var lines = properties.flatMap { Self.changed($0, $1, $2) }
        let names = before.headers.members.map(\.name) + headers.members.map(\.name)
        for (index, name) in names.enumerated() where names.firstIndex(of: name) == index {
            let (old, new) = (before.headers[name]?.compactText, headers[name]?.compactText)
            lines += Self.changed("header \(name)", old, new)
        }
        lines += LineDiff(before.lines, self.lines).lines
        // Such as another end of a line.
        if lines.isEmpty, before.body != body { lines = ["-(white space)", "+(white space)"] }
        return lines
    }

    private static func changed(_ name: String, _ old: String?, _ new: String?) -> [String] {
        guard old != new else { return [] }
        return [old.map { "-\(name): \($0)" }, new.map { "+\(name): \($0)" }].compactMap(\.self)
            .map { VisibleText.line($0) }
    }

    private static func bytes(_ json: JSON) -> [UInt8] {
        if let text = json["bodyBase64"]?.text, let data = Data(base64Encoded: text) { return Array(data) }
        return Array((json["body"]?.text ?? "").utf8)
    }
}
