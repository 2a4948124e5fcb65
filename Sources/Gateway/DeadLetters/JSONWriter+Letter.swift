import AMQP
import CareRecord
import Replication
import Storage
import Worker

extension JSONWriter {
    /// `null` where there is none.
    mutating func member(_ name: StaticString, orNull value: String?) {
        member(name, value.map(JSON.string) ?? .null)
    }

    /// `null` where there is none.
    mutating func member(_ name: StaticString, orNull value: Int64?) {
        member(name, value.map { JSON.number(String($0)) } ?? .null)
    }

    /// `null` where there is none.
    mutating func member(_ name: StaticString, orNull value: Int?) {
        member(name, orNull: value.map(Int64.init))
    }

    /// A letter in a list.
    mutating func members(of letter: LetterRow) {
        member("id", letter.id)
        member("state", letter.state.rawValue)
        member("resolution", letter.resolution?.rawValue)
        member("cause", letter.cause.rawValue)
        member("detail", letter.detail)
        member("source", orNull: letter.source?.text)
        member("type", orNull: letter.type)
        member("patient", orNull: letter.subject.patient?.text)
        member("resource", orNull: letter.subject.resource?.reference)
        member("seq", orNull: letter.subject.seq)
        member("form", letter.subject.form.rawValue)
        member("messageId", orNull: letter.messageID)
        member("firstSeen", letter.firstSeen.text)
        member("lastSeen", letter.lastSeen.text)
        member("count", letter.count)
        member("origin", letter.origin.text)
        member("broker", orNull: letter.origin.broker)
        member("queue", letter.origin.queue)
        member("exchange", letter.origin.exchange)
        member("routingKey", letter.origin.routingKey)
        member("edited", letter.isEdited)
        member("bytes", letter.sizeBytes)
        member("contentHash", letter.contentHash)
    }

    mutating func members(of cause: Rejection.Cause) {
        member("sentence", cause.sentence)
        member("remedy", cause.remedy)
    }

    mutating func members(of group: LetterGroup) {
        member("cause", group.cause.rawValue)
        member("source", orNull: group.source?.text)
        member("type", orNull: group.type)
        member("age", group.age.rawValue)
        member("count", group.count)
        member("oldest", group.oldest.text)
        member("newest", group.newest.text)
        members(of: group.cause)
    }

    /// The members of a letter shown whole, beside those of a list.
    mutating func members(of view: LetterView) {
        members(of: view.letter.row)
        members(of: view.letter.row.cause)
        object("message") { json in
            json.member("properties", view.letter.message.propertiesJSON)
            json.member("headers", Field.table(view.letter.message.headers).json)
        }
        let body = ShownBody(view.letter.message.body)
        members(of: body)
        member("decoded", body.decoded ?? .null)
        if let original = view.letter.original {
            object("original") { json in
                json.members(of: ShownBody(original.body))
                json.member("headers", Field.table(original.headers).json)
            }
        } else {
            member("original", JSON.null)
        }
        object("index") { json in
            json.member("watermark", orNull: view.watermark)
            if let entry = view.standing {
                json.object("entry") { $0.members(of: entry) }
            } else {
                json.member("entry", JSON.null)
            }
        }
        object("foreseen") { $0.members(foreseen: view.foreseen) }
        array("history") { json in
            for event in view.history { json.object { $0.members(of: event) } }
        }
    }

    private mutating func members(of body: ShownBody) {
        member("body", orNull: body.text)
        member("bodyCut", body.isCut)
        member("bodyBase64", orNull: body.base64)
    }

    private mutating func members(of event: LetterEvent) {
        member("at", event.at.text)
        member("by", orNull: event.by)
        member("act", event.act)
        member("detail", event.detail)
    }
}

// MARK: - Verdicts

extension LetterVerdict {
    /// The word of the contract for what would happen.
    var foreseenWord: String {
        switch self {
        case .applied: "apply"
        case .duplicate: "duplicate"
        case .superseded: "superseded"
        case .failed: "failAgain"
        }
    }
}

extension JSONWriter {
    mutating func members(foreseen verdict: LetterVerdict) {
        member("verdict", verdict.foreseenWord)
        details(of: verdict)
    }

    mutating func members(result verdict: LetterVerdict) {
        member("verdict", verdict.word)
        details(of: verdict)
    }

    private mutating func details(of verdict: LetterVerdict) {
        switch verdict {
        case .applied, .duplicate: member("seq", JSON.null)
        case .superseded(let seq): member("seq", orNull: seq)
        case .failed(let rejection):
            member("seq", JSON.null)
            member("cause", rejection.cause.rawValue)
            member("detail", rejection.detail)
        }
    }
}
