import CareRecord
import Replication
import Storage
import Testing

@testable import Gateway

@Suite("Which letters an operator means")
struct LetterSelectionTests {
    private static func read(_ query: [(String, String)]) throws -> LetterSelection {
        try LetterSelection(query.map { (key: $0.0[...], value: $0.1[...]) }, beside: ["limit", "after"])
    }

    private static func read(_ body: String, for purpose: LetterSelection.Purpose = .reading) throws -> LetterSelection
    {
        try LetterSelection(try JSON.parse(Array(body.utf8)), for: purpose)
    }

    /// The refusal's words; empty where nothing is refused.
    private static func refusal(_ work: () throws -> LetterSelection) -> String {
        do {
            _ = try work()
            return ""
        } catch {
            return (error as? Refusal)?.outcome.issues.map(\.diagnostics).joined() ?? "\(error)"
        }
    }

    @Test("without a condition it is all that is parked")
    func usual() throws {
        #expect(try Self.read([]).filter == LetterFilter())
        #expect(try Self.read("{}").filter == LetterFilter())
        #expect(try Self.read([]).words == "all that is parked")
    }

    @Test("a query string and a body say the same in the same names")
    func sameInBoth() throws {
        let query = try Self.read([
            ("state", "parked,resolved"), ("cause", "schema,forged-source"), ("source", "homerton, unknown"),
            ("type", "wherry.changes.v1"), ("queue", "wherry.changes.barts"), ("id", "3,1"), ("olderThan", "2h"),
            ("newerThan", "3d"), ("search", "Condition/c"), ("limit", "7"),
        ])
        let body = try Self.read(
            """
            {"state":["parked","resolved"],"cause":"schema,forged-source","source":["homerton","unknown"],\
            "type":"wherry.changes.v1","queue":"wherry.changes.barts","id":[3,1],"olderThan":"2h","newerThan":"3d",\
            "search":"Condition/c"}
            """)
        #expect(query == body)
        let homerton = try #require(HIEIdentifier("homerton"))
        #expect(query.filter.states == [.parked, .resolved] && query.filter.causes == [.schema, .forgedSource])
        #expect(query.filter.sources == [.hie(homerton), .unknown] && query.filter.ids == [3, 1])
        #expect(query.filter.olderThan?.milliseconds == 7_200_000 && query.filter.search == "Condition/c")
        #expect(
            query.words == "parked or resolved; cause forged-source or schema; source homerton or unknown; "
                + "type wherry.changes.v1; queue wherry.changes.barts; letters 3, 1; first seen 2h ago or longer; "
                + "first seen less than 3d ago; with the text \"Condition/c\"")
    }

    @Test("one number, a null and the state all are understood")
    func forms() throws {
        #expect(try Self.read(#"{"id":4,"cause":null}"#).filter.ids == [4])
        #expect(try Self.read([("state", "all")]).filter.states == [])
        #expect(try Self.read([("state", "all")]).words == "any state")
    }

    @Test("an NHS number, or part of one, that is searched for is not repeated", arguments: ["9990000018", "999 000"])
    func noPatientInWords(_ text: String) throws {
        let selection = try Self.read([("search", text)])
        #expect(selection.filter.search == text && !selection.words.contains("999"))
    }

    @Test("many letters are counted in words, not listed")
    func manyIDs() throws {
        let ids = (1...12).map { String($0) }.joined(separator: ",")
        #expect(try Self.read([("id", ids)]).words == "parked; letters 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more")
    }

    @Test(
        "what is not known is refused by name, with what there is",
        arguments: [
            ("causes", "schema", "not known as a parameter: causes; there are state, cause, source, type"),
            ("cause", "scheme", "a cause is not known; there are undecodable, unknown-type, schema"),
            ("state", "dead", "a state is not known; there are parked, resolved, discarded, all"),
            ("source", "Homerton!", "a source is not known"), ("olderThan", "soon", "olderThan is a length of time"),
            ("newerThan", "-2h", "newerThan is a length of time"), ("id", "1,x", "id is numbers of letters"),
            ("id", "0", "id is numbers of letters"), ("id", "", "id is 1 to 10000 values"),
            ("cause", "schema,,expired", "cause is 1 to 10000 values"),
            ("search", "a\u{1B}[2J", "no control characters"),
            ("queue", "   ", "queue has 1 to 255 bytes"),
            ("search", String(repeating: "x", count: 256), "1 to 255 bytes"),
            ("id", String(repeating: "1,", count: 10_000) + "1", "id is 1 to 10000 values"),
        ])
    func refused(_ name: String, _ value: String, _ words: String) {
        let refusal = Self.refusal { try Self.read([(name, value)]) }
        #expect(refusal.contains(words), "\(refusal)")
    }

    @Test("a condition that is given twice is refused: neither of the two is meant")
    func twice() {
        #expect(Self.refusal { try Self.read([("cause", "schema"), ("cause", "expired")]) }.contains("given once"))
    }

    @Test(
        "a body with a selection of the wrong form is refused",
        arguments: [
            ("[]", "selection is an object"), ("null", "selection is an object"),
            (#"{"cuase":"schema"}"#, "not known as a member of selection: cuase"),
            (#"{"cause":true}"#, "cause of a selection is a text"), (#"{"id":[1.5]}"#, "id is numbers"),
            (#"{"id":[{}]}"#, "id of a selection is a text"),
            (#"{"queue":["a","b"]}"#, "queue of a selection is a text"),
            (#"{"id":[]}"#, "id is 1 to 10000 values"),
            (#"{"olderThan":["1h","2h"]}"#, "olderThan is a length of time"),
        ])
    func refusedBody(_ body: String, _ words: String) {
        let refusal = Self.refusal { try Self.read(body) }
        #expect(refusal.contains(words), "\(refusal)")
    }

    @Test("an act is done to letters of one state, whether it is said or not")
    func acts() throws {
        #expect(try Self.read("{}", for: .act(on: .discarded)).filter.states == [.discarded])
        #expect(try Self.read(#"{"state":"parked"}"#, for: .act(on: .parked)).filter.states == [.parked])
        for state in ["resolved", "all", "parked,discarded"] {
            let refusal = Self.refusal { try Self.read(#"{"state":"\#(state)"}"#, for: .act(on: .parked)) }
            #expect(refusal.contains("letters that are parked"), "\(refusal)")
        }
    }
}
