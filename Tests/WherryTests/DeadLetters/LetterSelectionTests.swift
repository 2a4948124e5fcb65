import ArgumentParser
import CareRecord
import Storage
import Testing

@testable import wherry

@Suite("Which letters are meant") struct LetterSelectionTests {
    @Test("a selection is a query whose values are encoded, and a body with the same names") func forms() throws {
        let selection = try LetterSelection([
            .cause: "schema,unknown-type", .source: "barts,unknown", .type: "a b,c&d", .queue: "wherry.changes.barts",
            .olderThan: "2h", .newerThan: "3d", .search: "a+b=c ä%", .id: "1,4711", .state: "all",
        ])
        #expect(
            selection.query([("limit", "0")])
                == "state=all&cause=schema,unknown-type&source=barts,unknown&type=a%20b,c%26d"
                + "&queue=wherry.changes.barts&id=1,4711&olderThan=2h&newerThan=3d&search=a%2Bb%3Dc%20%C3%A4%25&limit=0"
        )
        #expect(selection.json["type"] == "a b,c&d" && selection.json["id"] == "1,4711")
        #expect(selection.json.object?.members.count == 9)
        #expect(selection.words.hasPrefix("state all, cause schema or unknown-type, source barts or unknown, "))
        #expect(selection.words.hasSuffix("older than 2h, newer than 3d, text a+b=c ä%"))
        #expect(selection.arguments.prefix(4) == ["--state", "all", "--cause", "schema,unknown-type"])
    }

    @Test("nothing said is nothing sent") func empty() {
        let selection = LetterSelection()
        #expect(selection.isEmpty && selection.query().isEmpty && selection.words.isEmpty)
        #expect(selection.json == .object(JSONObject()) && selection.query([("limit", "0")]) == "limit=0")
    }

    @Test("the state of an act is filled in, and what was moved is found again") func states() throws {
        let selection = try LetterSelection([.id: "1"]).inState(.parked)
        #expect(selection.query() == "state=parked&id=1")
        #expect(selection.inState(.discarded) == selection)
        #expect(selection.moved(to: .discarded).query() == "state=discarded&id=1")
    }

    @Test(
        "what is none of the values that there are is refused, with those that there are",
        arguments: [
            (LetterSelection.Name.cause, "horoscope", "nhs-number-invalid"), (.cause, "", "schema"),
            (.cause, "schema,", "schema"), (.state, "lost", "parked"), (.source, "NOT AN HIE", "unknown"),
            (.id, "x", "4711"), (.id, "0", "4711"), (.id, "1,,2", "4711"), (.olderThan, "2", "2h"),
            (.newerThan, "-1s", "3d"), (.search, "", "bytes"), (.search, "a\u{1B}b", "control"),
            (.queue, String(repeating: "x", count: 1001), "1000"),
            (.id, Array(repeating: "1", count: 2001).joined(separator: ","), "2000"),
        ])
    func refused(_ name: LetterSelection.Name, _ text: String, _ word: String) throws {
        let error = try #require(throws: LetterSelection.Invalid.self) { try LetterSelection([name: text]) }
        #expect(error.option == name.option && error.reason.contains(word))
    }

    @Test("who does it is said, or who is logged in") func operatorName() throws {
        #expect(try OperatorOptions.name("Ada Lovelace", ["USER": "root"]) == "Ada Lovelace")
        #expect(try OperatorOptions.name(nil, ["USER": "ada"]) == "ada")
        for (given, environment) in [
            (nil, [:]), (nil, ["USER": ""]), ("", ["USER": "ada"]), (" ", [:]), ("a\u{1B}", [:]), ("a\nb", [:]),
            (String(repeating: "ä", count: 101), [:]),
        ] as [(String?, [String: String])] {
            #expect(throws: ValidationError.self) { try OperatorOptions.name(given, environment) }
        }
        #expect(try OperatorOptions.name(String(repeating: "ä", count: 100), [:]).count == 100)
    }

    @Test("names of plans", arguments: [("12", true), ("12-3f9ab2c4", true), ("1-0", true)])
    func planName(_ text: String, _ isOne: Bool) {
        #expect(PlanName(argument: text)?.path == "/api/deadletters/plans/\(text)")
    }

    @Test("no names of plans", arguments: ["", "x", "0", "-1", "+1", "12-", "12-XY", "12-AB", "12-ab/../x", "12 "])
    func noPlanName(_ text: String) {
        #expect(PlanName(argument: text) == nil)
    }

    @Test("rates", arguments: [("50/s", "50"), ("50", "50"), ("0.5/s", "0.5"), ("12.25", "12.25")])
    func rate(_ text: String, _ number: String) throws {
        #expect(ReplayRate(argument: text)?.text == number)
        #expect(try JSON.parse(Array(number.utf8)).double == Double(number))
    }

    @Test(
        "no rates",
        arguments: ["", "/s", "0", "0/s", "-1/s", "fast", "1e3", "inf", "nan", "50/min", "05/s", ".5", "5.", "2000000"])
    func noRate(_ text: String) {
        #expect(ReplayRate(argument: text) == nil)
    }
}

@Suite("Questions before an act") struct ConfirmationTests {
    private let confirmation = Confirmation(act: "discard", count: 1204)

    @Test("the number of letters is typed, as people write numbers", arguments: ["1204", " 1204 ", "1,204", "1.204"])
    func typed(_ line: String) throws {
        var asked: [String] = []
        try confirmation.obtain(.init()) { prompt in
            asked.append(prompt)
            return line
        }
        #expect(asked == ["type 1204 to discard 1204 letters: "])
    }

    @Test("anything else is refused", arguments: ["1205", "", "y", "yes", "-1204", nil, "12 04x"])
    func wrong(_ line: String?) throws {
        let failure = try #require(throws: CommandFailure.self) { try confirmation.obtain(.init()) { _ in line } }
        #expect(failure.status == .refused && failure.description.contains("nothing was done"))
    }

    @Test("where nobody can be asked it has to be said beforehand") func pipe() throws {
        let failure = try #require(throws: CommandFailure.self) { try confirmation.obtain(.init(), ask: nil) }
        #expect(failure.status == .refused && failure.description.contains("--yes"))
        try confirmation.obtain(.init(isGiven: true), ask: nil)
        try confirmation.obtain(.init(count: 1204), ask: nil)
    }

    @Test("a number that was said and is wrong is refused, whatever else is said") func wrongCount() throws {
        for isGiven in [true, false] {
            let consent = Confirmation.Consent(isGiven: isGiven, count: 1203)
            let failure = try #require(throws: CommandFailure.self) { try confirmation.obtain(consent) { _ in "1204" } }
            #expect(failure.status == .refused && failure.description.contains("1204"))
        }
    }

    @Test("yes is yes", arguments: [("y", true), ("Yes ", true), ("no", false), ("", false), (nil, false)])
    func yes(_ line: String?, _ isYes: Bool) throws {
        #expect(YesOrNo.isYes(line) == isYes)
        let question = YesOrNo(question: "store it?")
        if isYes {
            try question.obtain(false) { _ in line }
        } else {
            #expect(throws: CommandFailure.self) { try question.obtain(false) { _ in line } }
        }
        #expect(throws: CommandFailure.self) { try question.obtain(false, ask: nil) }
        try question.obtain(true, ask: nil)
    }
}
