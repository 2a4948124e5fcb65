import AMQP
import CareRecord
import HTTPTypes
import Storage
import Testing
import Worker

@testable import Gateway

@Suite("What an operator's act says")
struct ActBodyTests {
    private static func act(_ body: String, _ members: [String]) throws -> ActBody {
        try ActBody(Array(body.utf8), knowing: members)
    }

    private static func edit(_ members: String) throws -> LetterEdit {
        try LetterEdit(try act(#"{"by":"A","reason":"r"\#(members)}"#, LetterEdit.members))
    }

    private static func order(_ members: String) throws -> ReplayOrder {
        try ReplayOrder(try act(#"{"by":"A","reason":"r"\#(members)}"#, ReplayOrder.members))
    }

    private static func refusal<Value>(_ work: () throws -> Value) -> String {
        do {
            _ = try work()
            return ""
        } catch {
            return (error as? Refusal)?.outcome.issues.map(\.diagnostics).joined() ?? "\(error)"
        }
    }

    @Test(
        "a body that is no object, or has a member that is not known, is refused",
        arguments: [
            ("", "the body is not JSON"), ("[1]", "the body is an array: send an object"),
            ("{", "the body is not JSON"),
            (#"{"by":"A","whom":1}"#, "not known as a member: whom; there are by, reason"),
            (#"{"by":"A","by":"B"}"#, "a member name that this object has already"),
        ])
    func noObject(_ body: String, _ words: String) {
        let refusal = Self.refusal { try Self.act(body, ["by", "reason"]) }
        #expect(refusal.contains(words), "\(refusal)")
    }

    @Test(
        "who acts is 1 to 200 bytes that can be read on a line",
        arguments: [
            ("{}", "by is missing"), (#"{"by":null}"#, "by is missing"), (#"{"by":""}"#, "by is a text of 1 to 200"),
            (#"{"by":"  "}"#, "by is a text of 1 to 200"), (#"{"by":7}"#, "by is a text of 1 to 200"),
            (#"{"by":"a\nb"}"#, "without control characters"), (#"{"by":"a\u0000b"}"#, "without control characters"),
            (#"{"by":"a\u2028b"}"#, "without control characters"),
            (#"{"by":"\#(String(repeating: "é", count: 101))"}"#, "by is a text of 1 to 200"),
        ])
    func by(_ body: String, _ words: String) {
        let refusal = Self.refusal { try Self.act(body, ["by"]).by() }
        #expect(refusal.contains(words), "\(refusal)")
    }

    @Test("a name of 200 bytes, in any script, is taken")
    func longName() throws {
        let name = String(repeating: "é", count: 100)
        #expect(try Self.act(#"{"by":"\#(name)"}"#, ["by"]).by() == name)
    }

    @Test(
        "a count is a whole number that is said",
        arguments: ["{}", #"{"count":-1}"#, #"{"count":"3"}"#, #"{"count":1.5}"#])
    func count(_ body: String) {
        #expect(Self.refusal { try Self.act(body, ["count"]).count() }.contains("count is"))
    }

    @Test("an edit leaves what it does not name, and takes away a header that is null")
    func edit() throws {
        let edit = try Self.edit(#","body":"{}","headers":{"a":"x","b":7,"c":1.5,"d":true,"x-death":null}"#)
        #expect(edit.body == Array("{}".utf8) && edit.type == nil && edit.appID == nil && edit.routingKey == nil)
        #expect(edit.headers["a"] == .some(.string("x")) && edit.headers["b"] == .some(.int(7)))
        #expect(edit.headers["c"] == .some(.double(1.5)) && edit.headers["d"] == .some(.bool(true)))
        #expect(edit.headers["x-death"] == .some(.none) && edit.headers.count == 5)
        let other = try Self.edit(#","bodyBase64":"/wA=","type":"t","appId":"a","routingKey":"change.a""#)
        #expect(other.body == [0xFF, 0] && other.type == "t" && other.appID == "a" && other.routingKey == "change.a")
    }

    @Test(
        "an edit that cannot be meant is refused",
        arguments: [
            ("", "nothing is to be changed: send one of body, bodyBase64, headers, type, appId, routingKey"),
            (#","headers":{}"#, "nothing is to be changed"), (#","body":"a","bodyBase64":"YQ==""#, "not both"),
            (#","bodyBase64":"YQ""#, "bodyBase64 is not base64"),
            (#","body":{}"#, "body is a text, and here an object"),
            (#","headers":[]"#, "headers is an object"), (#","headers":{"a":{}}"#, "a header is a text"),
            (#","headers":{"":"x"}"#, "the name of a header"), (#","headers":{"a":1e999}"#, "a header is a text"),
            (#","headers":{"CC":"x"}"#, "the header CC is a broker's"),
            (#","headers":{"wherry-replay":"barts/1/1"}"#, "can be taken away, not set"),
            (#","type":"""#, "type is a text of 1 to 255"), (#","messageId":"m""#, "not known as a member: messageId"),
        ])
    func refusedEdit(_ members: String, _ words: String) {
        let refusal = Self.refusal { try Self.edit(members) }
        #expect(refusal.contains(words), "\(refusal)")
    }

    @Test("an order to replay has its limits only where they are said")
    func order() throws {
        #expect(try Self.order(#","to":"local""#) == ReplayOrder(target: .local, by: "A", reason: "r"))
        let order = try Self.order(#","to":"subscriber","canary":5,"rate":0.5,"stopOnFailures":1"#)
        #expect(order.canary == 5 && order.ratePerSecond == 0.5 && order.stopOnFailures == 1)
    }

    @Test(
        "an order out of bounds is refused",
        arguments: [
            ("", "to says where the letters go: one of subscriber, everybody, local"),
            (#","to":"all""#, "to says where"),
            (#","to":"local","rate":0"#, "rate is letters a second"),
            (#","to":"local","rate":100001"#, "at most 100000"),
            (#","to":"local","rate":"5""#, "rate is letters a second"), (#","to":"local","canary":-1"#, "canary is"),
            (#","to":"local","stopOnFailures":0"#, "stopOnFailures is a whole number from 1"),
            (#","to":"local","stopOnFailures":1.5"#, "stopOnFailures is a whole number from 1"),
        ])
    func refusedOrder(_ members: String, _ words: String) {
        let refusal = Self.refusal { try Self.order(members) }
        #expect(refusal.contains(words), "\(refusal)")
    }

    @Test("a replay to everybody is confirmed a second time, by the number of letters")
    func confirmation() throws {
        let everybody = try Self.order(#","to":"everybody""#)
        let local = try Self.order(#","to":"local""#)
        for confirmed in [nil, 2, 4] {
            do throws(Refusal) {
                try everybody.check(confirmed: confirmed, count: 3)
                Issue.record("it was not refused")
            } catch {
                #expect(error.status == .conflict && error.word == "count")
            }
        }
        try everybody.check(confirmed: 3, count: 3)
        try local.check(confirmed: nil, count: 3)
        #expect(throws: Refusal.self) { try local.check(confirmed: 2, count: 3) }
    }

    @Test(
        "a plan is called by its number or its name",
        arguments: ["12", "12-3f9ab2c4", "12-" + String(repeating: "a", count: 64)])
    func planName(_ name: String) throws {
        #expect(try PlanRoutes.checked(name) == name)
    }

    @Test(
        "what cannot be a plan's name is not found",
        arguments: [
            "", "x", "0", "-3", "12-", "12-xyz", "12-3f-9a", "99999999999999999999",
            "12-" + String(repeating: "a", count: 200),
        ])
    func noPlanName(_ name: String) {
        #expect(Self.refusal { try PlanRoutes.checked(name) }.contains("a plan is called by its number or its name"))
    }

    @Test(
        "what a desk refuses has the status and the word of its code",
        arguments: [
            (DeadLetterRefusal.Code.notFound, 404, "not-found"), (.conflict, 409, "conflict"),
            (.changed, 409, "changed"),
            (.count, 409, "count"), (.invalid, 400, "invalid"),
        ])
    func refusals(_ code: DeadLetterRefusal.Code, _ status: Int, _ word: String) {
        let refusal = Refusal(DeadLetterRefusal(code, "say why") as any Error)
        #expect(refusal.status.code == status)
        #expect((refusal.word ?? refusal.outcome.issues.first?.code.rawValue) == word)
        #expect(refusal.outcome.issues.map(\.diagnostics) == ["say why"])
    }
}
