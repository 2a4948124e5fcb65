import AMQP
import CareRecord
import Replication
import Storage

/// A letter as a line of an export: whole, and to be taken in again anywhere.
enum LetterLine {
    static let lengthMaxBytes = 64 << 20

    static func append(_ letter: ParkedLetter, to bytes: inout [UInt8]) {
        let row = letter.row
        var writer = JSONWriter(capacity: 1024)
        writer.object { json in
            json.member("id", row.id)
            json.member("identity", letter.identity.text)
            json.member("state", row.state.rawValue)
            json.member("resolution", row.resolution?.rawValue)
            json.member("cause", row.cause.rawValue)
            json.member("detail", row.detail)
            json.member("source", row.source?.text)
            json.member("broker", row.origin.broker)
            json.member("queue", row.origin.queue)
            json.member("exchange", row.origin.exchange)
            json.member("routingKey", row.origin.routingKey)
            json.member("form", row.subject.form.rawValue)
            json.member("firstSeen", row.firstSeen.text)
            json.member("lastSeen", row.lastSeen.text)
            json.member("count", row.count)
            json.object("content") { $0.content(letter.original ?? letter.message) }
            if letter.original != nil { json.object("edited") { $0.content(letter.message) } }
        }
        bytes += writer.bytes
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Reads what `append` wrote; the rejection names the member at fault.
    static func read(_ line: ArraySlice<UInt8>, sources: Set<HIEIdentifier>) throws(Rejection) -> ImportedLetter {
        let json: JSON
        do {
            json = try JSON.parse(line)
        } catch {
            throw Rejection(.undecodable, "not JSON: \(error)")
        }
        func text(_ name: String) throws(Rejection) -> String {
            guard let text = json[name]?.text else { throw Rejection(.schema, "member \(name) must be a string") }
            return text
        }
        func moment(_ name: String) throws(Rejection) -> Timestamp {
            guard let moment = Timestamp(text: try text(name)) else {
                throw Rejection(.schema, "member \(name) must be a moment such as 2026-11-22T17:03:05.123Z")
            }
            return moment
        }
        guard let cause = Rejection.Cause(rawValue: try text("cause")) else {
            throw Rejection(.schema, "member cause is none that this version knows")
        }
        guard let form = LetterSubject.Form(rawValue: try text("form")) else {
            throw Rejection(.schema, "member form must be message or change")
        }
        guard let original = Message(content: json["content"]) else {
            throw Rejection(.schema, "member content must have properties and bodyBase64")
        }
        let rejection = Rejection(cause, try text("detail"))
        let source = json["source"]?.text.flatMap { HIEIdentifier($0) }.flatMap { sources.contains($0) ? $0 : nil }
        let (queue, exchange, key) = (try text("queue"), try text("exchange"), try text("routingKey"))
        func letter(_ message: Message) -> DeadLetter {
            DeadLetter(
                rejection, source: source, queue: queue, exchange: exchange, routingKey: key, message: message,
                form: form)
        }
        let identity: LetterIdentity
        if let digits = json["identity"] {
            guard let known = digits.text.flatMap({ [UInt8](hexadecimal: $0) }).flatMap(LetterIdentity.init) else {
                throw Rejection(.schema, "member identity must be 64 hexadecimal digits")
            }
            identity = known
        } else {
            identity = LetterIdentity(of: letter(original))
        }
        var edited: DeadLetter?
        if let content = json["edited"] {
            guard let message = Message(content: content) else {
                throw Rejection(.schema, "member edited must have properties and bodyBase64")
            }
            edited = letter(message)
        }
        guard let count = json["count"]?.integer, count > 0 else {
            throw Rejection(.schema, "member count must be a positive integer")
        }
        return ImportedLetter(
            identity: identity, original: letter(original), edited: edited, broker: json["broker"]?.text,
            firstSeen: try moment("firstSeen"),
            lastSeen: try moment("lastSeen"), count: Int(count))
    }
}

extension JSONWriter {
    fileprivate mutating func content(_ message: Message) {
        member("properties", raw: Array(message.propertiesText.utf8))
        member("bodyBase64", message.body.base64)
    }
}

extension Message {
    fileprivate init?(content: JSON?) {
        guard let content, let properties = content["properties"],
            let body = content["bodyBase64"]?.text.flatMap({ [UInt8](base64: $0) })
        else { return nil }
        self.init(propertiesText: properties.serialized(), body: body)
    }
}
