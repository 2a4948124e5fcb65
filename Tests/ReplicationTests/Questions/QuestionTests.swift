import AMQP
import CareRecord
import TestSupport
import Testing

@testable import Replication

@Suite("Questions") struct QuestionTests {
    @Test("every question is read back by whom it is asked", arguments: Asked.subjects)
    func roundTrip(subject: Question.Subject) throws {
        #expect(try Asked.read(Asked.arriving(subject)) == Asked.question(subject))
    }

    @Test("a question is routed to one HIE, told when nobody has its queue, and dies with its deadline")
    func properties() {
        let outgoing = Asked.question(.changes(after: 0, through: nil)).message(to: barts, sentAt: Asked.sentAt)
        #expect(outgoing.exchange == "wherry.requests")
        #expect(outgoing.routingKey == "barts")
        #expect(outgoing.isMandatory)
        #expect(outgoing.message.expiration == "8000")
        #expect(outgoing.message.replyTo == nil)
        #expect(!outgoing.message.isPersistent)
    }

    @Test("a question of which the sender or the way is not what it claims is refused with its cause")
    func crossChecks() {
        let good = Asked.arriving(Question.Subject.changes(after: 0, through: nil))
        let answer = Asked.arriving(Reply.refusal(reason: "x"))
        let cases: [(Rejection.Cause, Delivery)] = [
            (.headerRefused, good.with { $0.headers["CC"] = .array([.string("homerton")]) }),
            (.headerRefused, good.with { $0.headers["BCC"] = .array([]) }),
            (.headerRefused, good.with { $0.headers["BCC"] = .void }),
            (.forgedSource, good.with { $0.appID = "stranger" }),
            (.forgedSource, good.with { $0.appID = nil }),
            (.forgedSource, good.with { $0.appID = "barts" }),
            (.forgedSource, good.with(routingKey: "kingston")),
            (.forgedSource, good.with(routingKey: "")),
            (.forgedSource, good.with { $0.headers[HeaderName.source] = .string("urn:wherry:hie:homerton") }),
            (.forgedSource, good.with { $0.headers[HeaderName.source] = nil }),
            (.unknownType, good.with { $0.type = nil }),
            (.unknownType, good.with { $0.type = "wherry.changes.read.v2" }),
            (.unknownType, good.with { $0.type = "wherry.changes.v1" }),
            (.unknownType, good.with { $0.type = "wherry.pulse.v1" }),
            (.unknownType, good.with { $0.type = "wherry.changes.page.v1" }),
            (.unknownType, answer.with { $0.appID = "kingston" }),
            (.epochUnknown, good.with { $0.headers[HeaderName.epoch] = .string("a b") }),
            (.undecodable, good.with { $0.body = Array("{".utf8) }),
            (.undecodable, good.with { $0.body = [0xFF] }),
        ]
        for (number, (cause, delivery)) in cases.enumerated() {
            let rejection = #expect(throws: Rejection.self, "case \(number)") { try Asked.read(delivery) }
            #expect(rejection?.cause == cause, "case \(number)")
        }
    }

    @Test(
        "a run that could route an answer elsewhere is refused",
        arguments: ["", "a.b", "#", "*", "A", "é", "a b", "a/b", "..", String(repeating: "a", count: 33), "a\u{0}"])
    func forgedRun(run: String) {
        #expect(WorkerRun(run) == nil)
        let delivery = Asked.arriving(Question.Subject.changes(after: 0, through: nil)) {
            $0.headers[HeaderName.run] = .string(run)
        }
        #expect(throws: Rejection.self) { try Asked.read(delivery) }
    }

    @Test("a run is a header of text") func runMissing() {
        for field in [nil, .int(7), .table([:]), .bytes([0xFF])] as [Field?] {
            let delivery = Asked.arriving(Question.Subject.changes(after: 0, through: nil)) {
                $0.headers[HeaderName.run] = field
            }
            #expect(throws: Rejection.self) { try Asked.read(delivery) }
        }
    }

    @Test("the id of a question leaves room for that of its answer") func identity() throws {
        for length in [0, 1, 200, 201, 255] {
            let delivery = Asked.arriving(Question.Subject.changes(after: 0, through: nil)) {
                $0.messageID = String(repeating: "i", count: length)
            }
            guard (1...200).contains(length) else {
                #expect(throws: Rejection.self) { try Asked.read(delivery) }
                continue
            }
            let reply = Reply.refusal(reason: "x").message(
                from: barts, to: try Asked.read(delivery).address, sentAt: Asked.sentAt)
            #expect(reply.message.messageID?.utf8.count ?? 999 <= 255)
        }
        #expect(throws: Rejection.self) {
            try Asked.read(Asked.arriving(Question.Subject.changes(after: 0, through: nil)) { $0.messageID = nil })
        }
    }

    @Test(
        "members that are missing, negative, too many or no numbers are refused",
        arguments: [
            ("changes", "{}"), ("changes", "[]"), ("changes", "7"), ("changes", #"{"after":-1}"#),
            ("changes", #"{"after":"0"}"#), ("changes", #"{"after":0.5}"#),
            ("changes", #"{"after":9223372036854775808}"#),
            ("changes", #"{"after":5,"through":4}"#), ("changes", #"{"after":5,"through":-1}"#),
            ("changes", #"{"after":5,"through":null}"#), ("changes", #"{"after":5,"through":"9"}"#),
            ("buckets", #"{"after":0}"#), ("buckets", #"{"after":0,"buckets":[]}"#),
            ("buckets", #"{"after":0,"buckets":{}}"#), ("buckets", #"{"after":0,"buckets":[256]}"#),
            ("buckets", #"{"after":0,"buckets":[-1]}"#), ("buckets", #"{"after":0,"buckets":["1"]}"#),
            ("buckets", #"{"after":0,"buckets":[1.5]}"#), ("buckets", #"{"after":-1,"buckets":[1]}"#),
            ("buckets", #"{"buckets":[1]}"#), ("buckets", #"{"after":0,"buckets":[9223372036854775807]}"#),
            ("state", "{}"), ("state", #"{"through":-1}"#), ("state", #"{"through":true}"#),
        ])
    func members(kind: String, body: String) {
        let delivery = Asked.arriving(Question.Subject.changes(after: 0, through: nil)) {
            $0.type = "wherry.\(kind).read.v1"
            $0.body = Array(body.utf8)
        }
        let rejection = #expect(throws: Rejection.self) { try Asked.read(delivery) }
        #expect(rejection?.cause == .schema)
    }

    @Test("a question above the limit of bytes is refused unread, a list as long as that is read") func sizes() throws {
        let delivery = Asked.arriving(Question.Subject.buckets(.all, after: 0)) {
            $0.body = Array(#"{"after":0,"buckets":[\#(String(repeating: "1,", count: 9000))1]}"#.utf8)
        }
        #expect(throws: Rejection.self) { try Asked.read(delivery) }
        let long = Asked.arriving(Question.Subject.buckets(.all, after: 0)) {
            $0.body = Array(#"{"after":0,"buckets":[\#(String(repeating: "1,", count: 8000))1]}"#.utf8)
        }
        #expect(try Asked.read(long).subject == .buckets(BucketSet([1])!, after: 0))  // a bucket
    }

    @Test("members that a later version adds are ignored, and a lifetime that is no number is none") func later() throws
    {
        let delivery = Asked.arriving(Question.Subject.changes(after: 0, through: nil)) {
            $0.body = Array(#"{"after":3,"later":[{}]}"#.utf8)
            $0.expiration = "soon"
        }
        let question = try Asked.read(delivery)
        #expect(question.subject == .changes(after: 3, through: nil))
        #expect(question.lifetimeMilliseconds == nil)
    }
}
