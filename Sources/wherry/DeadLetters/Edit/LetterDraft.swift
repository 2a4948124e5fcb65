import CareRecord
import Foundation

/// A letter that is being edited: what it holds, and what it shall hold.
struct LetterDraft {
    let before: LetterContent
    var after: LetterContent

    init(_ letter: JSON) {
        before = LetterContent(letter)
        after = before
    }

    var isChanged: Bool { before != after }

    var diff: [String] { after.diff(from: before) }

    mutating func set(_ header: HeaderValue) {
        after.headers[header.name] = header.json(replacing: before.headers[header.name])
    }

    mutating func remove(header name: String) throws(CommandFailure) {
        guard before.headers[name] != nil else {
            let names = before.headers.members.map(\.name).joined(separator: ", ")
            throw CommandFailure(.refused, "the letter has no header \(name); it has \(Table.Cell(names).text)")
        }
        after.headers[name] = nil
    }

    /// What is sent: only what changes. A body that is no text goes in base 64.
    func act(by name: String, reason: String) -> Act {
        let isBody = before.body != after.body
        let text = isBody ? after.text : nil
        let headers = changedHeaders
        return Act(by: name, reason: reason)
            .with("body", text.map { .string($0) })
            .with("bodyBase64", isBody && text == nil ? .string(Data(after.body).base64EncodedString()) : nil)
            .with("headers", headers.members.isEmpty ? nil : .object(headers))
            .with("type", before.type == after.type ? nil : after.type.map { .string($0) })
            .with("appId", before.appID == after.appID ? nil : after.appID.map { .string($0) })
            .with("routingKey", before.routingKey == after.routingKey ? nil : after.routingKey.map { .string($0) })
    }

    /// Those to set, and with null those to take away.
    private var changedHeaders: JSONObject {
        var headers = JSONObject()
        for member in after.headers.members where before.headers[member.name] != member.value {
            headers[member.name] = member.value
        }
        for member in before.headers.members where after.headers[member.name] == nil { headers[member.name] = .null }
        return headers
    }
}

/// A body as it is shown in an editor. One JSON value, which is one line of a message, is spread over lines there.
struct EditableText {
    enum Outcome: Equatable {
        case unchanged
        case changed([UInt8])
        /// It was JSON and is none any more: why.
        case broken(String)
    }

    let text: String
    private let body: [UInt8]
    /// `nil` for other text.
    private let json: JSON?

    /// `nil` where the body is no text.
    init?(_ body: [UInt8]) {
        guard let text = String(validating: body, as: UTF8.self) else { return nil }
        self.body = body
        json = (try? JSON.parse(body)).flatMap { $0.object == nil && $0.elements == nil ? nil : $0 }
        self.text = json.map { $0.indentedLines.joined(separator: "\n") + "\n" } ?? text
    }

    /// What came out of the editor.
    func read(_ edited: [UInt8]) -> Outcome {
        guard let json else {
            // Editors end the last line.
            let hasEnd = body.last == UInt8(ascii: "\n") || edited.last != UInt8(ascii: "\n")
            let bytes = hasEnd ? edited : Array(edited.dropLast())
            return bytes == body ? .unchanged : .changed(bytes)
        }
        do {
            let value = try JSON.parse(edited)
            let end: [UInt8] = body.last == UInt8(ascii: "\n") ? [UInt8(ascii: "\n")] : []
            return value == json ? .unchanged : .changed(value.serialized() + end)
        } catch {
            return .broken("\(error)")
        }
    }
}
