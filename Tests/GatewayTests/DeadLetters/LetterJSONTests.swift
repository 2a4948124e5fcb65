import AMQP
import CareRecord
import Replication
import Storage
import Testing

@testable import Gateway
@testable import Storage
@testable import Worker

@Suite("Letters and plans as JSON")
struct LetterJSONTests {
    private static let number = Samples.number

    private static func json(_ members: (inout JSONWriter) -> Void) throws -> JSON {
        var writer = JSONWriter()
        writer.object(members)
        return try JSON.parse(writer.bytes)
    }

    private static func names(_ json: JSON?) -> [String] { json?.object?.members.map(\.name) ?? [] }

    private static let message = Message(
        body: Array(
            #"{"seq":7,"op":"put","patient":"\#(number)","resource":"Condition/c","entry":{"category":"condition"}}"#
                .utf8),
        contentType: "application/x-ndjson", messageID: "m1", type: "wherry.changes.v1", appID: "homerton",
        headers: ["wherry-after": .int(6), "wherry-through": .int(9)])

    @Test("a letter has every member of the contract, null where nothing is known")
    func row() throws {
        let whole = try Self.json { $0.members(of: LetterSamples.row(3, Self.message)) }
        #expect(
            Self.names(whole) == [
                "id", "state", "cause", "detail", "source", "type", "patient", "resource", "seq", "form", "messageId",
                "firstSeen", "lastSeen", "count", "origin", "broker", "queue", "exchange", "routingKey", "edited",
                "bytes", "contentHash",
            ])
        #expect(whole["patient"]?.text == Self.number && whole["resource"]?.text == "Condition/c")
        #expect(whole["seq"]?.integer == 7 && whole["form"]?.text == "change" && whole["edited"]?.bool == false)
        #expect(whole["origin"]?.text == "nel wherry.changes.barts" && whole["count"]?.integer == 2)
        let bare = try Self.json { json in
            json.members(
                of: LetterSamples.row(
                    4, Message(body: [0xFF]), cause: .undecodable, source: nil, state: .resolved, resolution: .covered))
        }
        for name in ["source", "type", "patient", "resource", "seq", "messageId"] { #expect(bare[name] == .null) }
        #expect(bare["state"]?.text == "resolved" && bare["resolution"]?.text == "covered")
    }

    @Test("a letter shown whole has its message, what the index holds, what a replay would do, and its history")
    func view() throws {
        var original = Self.message
        original.body = Array("{".utf8)
        let row = LetterSamples.row(3, Self.message)
        let identity = try #require(LetterIdentity(bytes: Array(repeating: 1, count: LetterIdentity.lengthBytes)))
        let view = LetterView(
            letter: ParkedLetter(row: row, identity: identity, message: Self.message, original: original),
            history: [
                LetterEvent(at: LetterSamples.moment, by: nil, act: "parked", detail: ""),
                LetterEvent(at: LetterSamples.moment, by: "A. Operator", act: "edited", detail: "the brace"),
            ],
            foreseen: .superseded(by: 8), standing: try IndexedEntry.of("homerton", "Condition/c"), watermark: 9)
        let json = try Self.json { $0.members(of: view) }
        #expect(json["sentence"]?.text == Rejection.Cause.schema.sentence && json["remedy"]?.text?.isEmpty == false)
        #expect(json["message"]?["properties"]?["messageId"]?.text == "m1")
        #expect(json["message"]?["headers"]?["wherry-after"]?.integer == 6)
        #expect(json["decoded"]?["seq"]?.integer == 7 && json["body"]?.text?.hasPrefix("{\"seq\"") == true)
        #expect(json["bodyBase64"]?.text?.isEmpty == false && json["bodyCut"]?.bool == false)
        #expect(json["original"]?["body"]?.text == "{" && json["original"]?["headers"]?["wherry-through"] == 9)
        #expect(json["index"]?["watermark"]?.integer == 9 && json["index"]?["entry"]?["seq"]?.integer == 1)
        #expect(json["foreseen"] == ["verdict": "superseded", "seq": 8])
        let history = json["history"]?.elements ?? []
        #expect(history.map { $0["act"]?.text } == ["parked", "edited"] && history.first?["by"] == .null)
        let untouched = LetterView(
            letter: ParkedLetter(row: row, identity: identity, message: Message(body: [0xFF]), original: nil),
            history: [], foreseen: .failed(Rejection(.undecodable, "no JSON")), standing: nil, watermark: nil)
        let other = try Self.json { $0.members(of: untouched) }
        #expect(other["body"] == .null && other["decoded"] == .null && other["original"] == .null)
        #expect(other["index"] == ["watermark": .null, "entry": .null])
        #expect(
            other["foreseen"]
                == ["verdict": "failAgain", "seq": .null, "cause": "undecodable", "detail": "no JSON"])
    }

    @Test("a group says what happened and what to do")
    func group() throws {
        let group = LetterGroup(
            cause: .expired, source: nil, type: nil, age: .day, count: 3, oldest: LetterSamples.moment,
            newest: LetterSamples.moment)
        let json = try Self.json { $0.members(of: group) }
        #expect(
            Self.names(json) == [
                "cause", "source", "type", "age", "count", "oldest", "newest", "sentence", "remedy",
            ])
        #expect(json["source"] == .null && json["age"]?.text == "under a day")
    }

    @Test("a plan has every member of the contract, before and after it was ordered")
    func plan() throws {
        let members = [
            "plan", "id", "hash", "state", "createdAt", "createdBy", "selection", "count", "foreseen", "results",
            "order", "startedAt", "endedAt", "endReason", "perSecond", "window", "trouble",
        ]
        let fresh = try Self.json { $0.members(resting: LetterSamples.plan(.planned, count: 5)) }
        #expect(Self.names(fresh) == members && fresh["plan"]?.text == "12-3f9ab2c4" && fresh["order"] == .null)
        #expect(fresh["results"]?["notAttempted"]?.integer == 5 && fresh["perSecond"] == .null)
        #expect(Self.names(fresh["foreseen"]) == ["apply", "duplicate", "superseded", "failAgain"])
        let order = ReplayOrder(target: .everybody, by: "B", reason: "r", canary: 2, ratePerSecond: 0.25)
        let progress = PlanProgress(
            plan: LetterSamples.plan(.running, count: 5, order: order), perSecond: 12.34567, window: 8,
            trouble: "the broker is away")
        let running = try Self.json { $0.members(of: progress) }
        #expect(Self.names(running) == members)
        #expect(running["perSecond"] == .number("12.346") && running["window"]?.integer == 8)
        #expect(running["trouble"]?.text == "the broker is away" && fresh["trouble"] == .null)
        #expect(
            running["order"] == [
                "to": "everybody", "by": "B", "reason": "r", "canary": 2, "rate": .number("0.25"),
                "stopOnFailures": .null,
            ])
    }

    @Test("a letter of a plan names no patient, and has null for what did not happen yet")
    func planned() throws {
        let failed = LetterVerdict.failed(Rejection(.schema, "member status is missing"))
        let done = try Self.json { $0.members(of: LetterSamples.letter(1, result: failed)) }
        #expect(Self.names(done) == ["id", "position", "cause", "source", "seq", "foreseen", "result", "at"])
        #expect(done["result"]?["verdict"]?.text == "failedAgain" && done["result"]?["cause"]?.text == "schema")
        let waiting = try Self.json { $0.members(of: LetterSamples.letter(2, result: nil)) }
        #expect(waiting["result"] == .null && waiting["at"] == .null)
        #expect(waiting["foreseen"] == ["verdict": "apply", "seq": .null])
    }

    @Test("an import says of each refused line which it is and why")
    func importOutcome() throws {
        var outcome = ImportOutcome()
        outcome.imported = 2
        outcome.refused = [(3, "no JSON")]
        outcome.refusedCount = 9
        let json = try Self.json { $0.members(of: outcome) }
        #expect(
            json == [
                "imported": 2, "known": 0, "refused": [["line": 3, "reason": "no JSON"]], "refusedCount": 9,
            ])
    }

    @Test("what is parked is told by cause, the oldest first, and the accounts as they add up")
    func peers() throws {
        let later = Timestamp(milliseconds: LetterSamples.moment.milliseconds + 1000)
        let causes = [
            CauseCount(cause: .schema, count: 2, oldest: later),
            CauseCount(cause: .expired, count: 1, oldest: LetterSamples.moment),
        ]
        let json = try Self.json { $0.members(ofParked: causes) }
        #expect(json["parked"]?.integer == 3 && json["oldest"]?.text == LetterSamples.moment.text)
        #expect(json["causes"]?.elements?.map { $0["cause"]?.text } == ["expired", "schema"])
        #expect(try Self.json { $0.members(ofParked: []) } == ["parked": 0, "oldest": .null, "causes": []])
        let account = SourceAccount(
            hie: LetterSamples.homerton, published: 9, applied: 5, held: 1, discarded: 1, behind: 2, isReconciled: true)
        #expect(
            try Self.json { $0.members(of: account) } == [
                "hie": "homerton", "published": 9, "applied": 5, "held": 1, "discarded": 1, "behind": 2,
                "reconciled": true,
            ])
    }

    @Test("metrics tell every cause and every state of a plan, and an age that is never below 0")
    func metrics() throws {
        let now = Timestamp(milliseconds: LetterSamples.moment.milliseconds + 90_500)
        var text = MetricsText()
        text.append(
            parked: [
                CauseCount(cause: .schema, count: 4, oldest: LetterSamples.moment),
                CauseCount(cause: .expired, count: 1, oldest: Timestamp(milliseconds: now.milliseconds + 5000)),
            ], now: now)
        text.append([LetterSamples.plan(.stopped, count: 1), LetterSamples.plan(.finished, count: 1)])
        let metrics = try ExpositionReader.read(text.text)
        #expect(metrics.value("wherry_dead_letters", ["cause": "schema"]) == 4)
        #expect(metrics.value("wherry_dead_letters_oldest_age_seconds", ["cause": "schema"]) == 90.5)
        #expect(metrics.value("wherry_dead_letters_oldest_age_seconds", ["cause": "expired"]) == 0)
        for cause in Rejection.Cause.allCases {
            #expect(metrics.value("wherry_dead_letters", ["cause": cause.rawValue]) != nil)
        }
        #expect(metrics.value("wherry_replay_plans", ["state": "stopped"]) == 1)
        #expect(metrics.value("wherry_replay_plans", ["state": "paused"]) == 0)
    }
}
