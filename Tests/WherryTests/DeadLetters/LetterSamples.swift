import CareRecord
import Foundation

@testable import wherry

/// What a worker answers about dead letters, in few words.
enum LetterSamples {
    /// Clears the screen, rings, sets the title, and turns the direction of the text.
    static let hostile = "\u{1B}[2J\u{7}\u{1B}]0;x\u{7}\u{9B}31m\u{202E}tfel\r\nnext"

    /// Whether a text could do anything to a terminal but show itself; colours of our own are taken out before.
    static func isHarmless(_ text: String) -> Bool {
        let plain = text.replacing(/\u{1B}\[\d+m/, with: "")
        return !plain.unicodeScalars.contains { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format: scalar != "\n" && scalar != "\t"
            default: false
            }
        }
    }

    static func letter(
        _ id: Int, state: String = "parked", cause: String = "schema", source: String? = "barts",
        detail: String = "no seq",
        resource: String? = "Condition/c1"
    ) -> JSON {
        [
            "id": .number("\(id)"), "state": .string(state), "cause": .string(cause), "detail": .string(detail),
            "source": source.map { .string($0) } ?? .null, "type": "wherry.changes.v1", "patient": "9990000018",
            "resource": resource.map { .string($0) } ?? .null, "seq": 42, "form": "change", "messageId": "m-1",
            "firstSeen": "2026-11-22T17:03:05.123Z", "lastSeen": "2026-11-22T17:04:05.123Z", "count": 2,
            "origin": "nel wherry.changes.homerton", "broker": "nel", "queue": "wherry.changes.homerton",
            "exchange": "wherry.changes", "routingKey": "change.barts", "edited": false, "bytes": 9,
            "contentHash": "00",
        ]
    }

    static func group(_ cause: String, _ count: Int, source: String? = "barts", age: String = "under a day") -> JSON {
        [
            "cause": .string(cause), "source": source.map { .string($0) } ?? .null, "type": "wherry.changes.v1",
            "age": .string(age), "count": .number("\(count)"), "oldest": "2026-11-22T17:03:05.123Z",
            "newest": "2026-11-22T17:03:05.123Z", "sentence": .string("\(cause) happened."),
            "remedy": .string("Mend \(cause)."),
        ]
    }

    static func list(_ letters: [JSON], total: Int? = nil, groups: [JSON] = [], next: Int? = nil) -> JSON {
        [
            "total": .number("\(total ?? letters.count)"), "groups": .array(groups), "deadLetters": .array(letters),
            "next": next.map { .number("\($0)") } ?? .null,
        ]
    }

    /// A whole letter with this body.
    static func page(_ id: Int = 4711, body: [UInt8] = Array(#"{"seq":42,"patient":"x"}"#.utf8)) -> JSON {
        var object = letter(id).object ?? JSONObject()
        let text = String(validating: body, as: UTF8.self)
        let more: JSON = [
            "sentence": "A member is missing.", "remedy": "Tell the source.",
            "message": [
                "properties": ["contentType": "application/x-ndjson", "type": "wherry.changes.v1", "appId": "barts"],
                "headers": ["wherry-epoch": "e1", "wherry-after": 41, "x-death": [["count": 1]]],
            ],
            "body": text.map { .string($0) } ?? .null, "bodyBase64": .string(Data(body).base64EncodedString()),
            "decoded": (try? JSON.parse(body)) ?? .null, "original": .null,
            "index": [
                "watermark": 50,
                "entry": [
                    "source": "barts", "category": "condition", "resource": "Condition/c1", "display": "Asthma",
                    "status": "active", "date": "2020-05-01", "seq": 40,
                ],
            ],
            "foreseen": ["verdict": "superseded", "seq": 57],
            "history": [
                ["at": "2026-11-22T17:03:05.123Z", "by": .null, "act": "parked", "detail": ""],
                ["at": "2026-11-22T18:03:05.123Z", "by": "ada", "act": "edited", "detail": "number"],
            ],
        ]
        object.members += more.object?.members ?? []
        return .object(object)
    }

    static func plan(
        _ state: String, name: String = "12-3f9ab2c4", count: Int = 1204, applied: Int = 0, failed: Int = 0,
        order: JSON = .null, reason: String? = nil
    ) -> JSON {
        [
            "plan": .string(name), "id": 12, "hash": "3f9ab2c4aa", "state": .string(state),
            "createdAt": "2026-11-22T17:03:05.123Z", "createdBy": "ada", "selection": "cause schema",
            "count": .number("\(count)"),
            "foreseen": ["apply": .number("\(count - 4)"), "duplicate": 1, "superseded": 1, "failAgain": 2],
            "results": [
                "applied": .number("\(applied)"), "duplicate": 0, "superseded": 0, "failedAgain": .number("\(failed)"),
                "notAttempted": .number("\(count - applied - failed)"),
            ],
            "order": order, "startedAt": .null, "endedAt": .null,
            "endReason": reason.map { .string($0) } ?? .null, "perSecond": .number("12.5"), "window": 64,
        ]
    }

    static let url: WorkerURL = {
        guard let url = WorkerURL(argument: "http://127.0.0.1:8080") else { preconditionFailure("it is one") }
        return url
    }()

    static func people(colour: Bool = false, width: Int = .max) -> Screen.Look {
        Screen.Look(isInteractive: true, hasColour: colour, widthMax: width)
    }
}

extension JSON {
    /// The same object with these members, in place of those that it had.
    func with(_ members: [String: JSON]) -> JSON {
        var object = object ?? JSONObject()
        for (name, value) in members { object[name] = value }
        return .object(object)
    }
}
