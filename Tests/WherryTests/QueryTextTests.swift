import CareRecord
import Testing

@testable import wherry

@Suite("The table of answers") struct QueryTextTests {
    private static func event(_ name: String, _ json: String) -> ServerEvent {
        ServerEvent(name: name, data: Array(json.utf8))
    }

    private static func report(_ events: (String, String)...) throws -> QueryReport {
        var report = QueryReport()
        for (name, json) in events { try report.take(event(name, json)) }
        return report
    }

    private static let index = (
        "index",
        #"{"nhsNumber":"9990000018","asked":["barts","homerton"],"entries":[],"#
            + #""coverage":[{"hie":"barts"},{"hie":"homerton"},{"hie":"imperial"}]}"#
    )
    private static let page = (
        "resources", #"{"source":"homerton","resources":[{"resourceType":"Basket","id":"1"},{"id":"2"}]}"#
    )
    private static let barts = #"{"hie":"barts","state":"answered","durationMs":35,"count":7,"asOf":"x","reason":null}"#
    private static let imperial =
        #"{"hie":"imperial","state":"skipped","durationMs":0,"count":0,"asOf":null,"reason":"not yet","cause":"planned"}"#
    private static let late =
        #"{"hie":"homerton","state":"timedOut","durationMs":2000,"count":0,"asOf":null,"reason":"no \u001b[2Janswer","cause":"peer"}"#

    @Test("has a row an HIE: those that are waited for with their time and what has come, the others with their answer")
    func waiting() throws {
        let report = try Self.report(Self.index, Self.page, ("answer", Self.barts), ("answer", Self.imperial))
        let lines = AnswerTable(report: report, elapsed: .milliseconds(1234)).lines(hasColour: false)
        #expect(
            lines == [
                "Answers", "  HIE       state      time  count  as of  why",
                "  barts     answered  35 ms      7  x",
                "  homerton  waiting…  1.2 s      2", "  imperial  skipped                        not yet",
            ])
        #expect(!report.isOver && report.resources.count == 2)
    }

    @Test("is cut at the width of the terminal, with colour or without", arguments: 1...60)
    func width(_ width: Int) throws {
        let report = try Self.report(Self.index, ("answer", Self.barts), ("answer", Self.late))
        let plain = AnswerTable(report: report).lines(hasColour: false, widthMax: width)
        #expect(plain.allSatisfy { $0.count <= max(width, 2) })
        let coloured = AnswerTable(report: report).lines(hasColour: true, widthMax: width)
        #expect(coloured.map { $0.replacing(/\u{1B}\[\d+m/, with: "") } == plain)
        #expect(!plain.contains { $0.contains("\u{1B}") })
    }

    @Test("that is higher than the screen shows those that are waited for, and how many are left out")
    func height() throws {
        let report = try Self.report(Self.index, ("answer", Self.barts), ("answer", Self.imperial))
        let lines = AnswerTable(report: report).lines(hasColour: false, rowsMax: 2)
        #expect(lines.count == 4 && lines[2].contains("homerton") && lines[3] == "  … and 2 more")
    }

    @Test("is drawn over the one before: up, each line to its end, and nothing below")
    func drawing() {
        let text = LiveAnswers.text(["a", "b"], over: 3)
        #expect(text == "\u{1B}[?7l\r\u{1B}[3Aa\u{1B}[K\nb\u{1B}[K\n\u{1B}[J\u{1B}[?7h")
        #expect(LiveAnswers.text(["a"], over: 0) == "\u{1B}[?7l\ra\u{1B}[K\n\u{1B}[J\u{1B}[?7h")
    }

    @Test("what was withdrawn is gone, and the end says who is missing and why, without a peer's controls")
    func end() throws {
        let standIn = #"{"standIn":true,"source":"homerton","category":"allergy","resource":"AllergyIntolerance/a"}"#
        let report = try Self.report(
            Self.index, Self.page, ("withdrawn", #"{"source":"homerton"}"#), ("news", "{}"),
            (
                "done",
                #"{"complete":false,"durationMs":2001,"answers":[\#(Self.barts),\#(Self.late),\#(Self.imperial)],"#
                    + #""standIns":[\#(standIn)]}"#
            ))
        #expect(report.isOver && report.resources.isEmpty && report.standIns.count == 1)
        #expect(
            report.verdict == "Incomplete: 0 resources in 2.0 s; missing: homerton timedOut (no [2Janswer); "
                + "not connected yet: imperial; 1 of the index's entries stand in.")
    }

    @Test("all that is connected has answered; all has answered")
    func whole() throws {
        let planned = try Self.report(
            ("done", #"{"durationMs":5,"answers":[\#(Self.barts),\#(Self.imperial)],"standIns":[]}"#))
        #expect(
            planned.verdict == "Complete for every connected HIE: 0 resources in 5 ms; not connected yet: imperial.")
        let whole = try Self.report(("done", #"{"durationMs":5,"answers":[\#(Self.barts)],"standIns":[]}"#))
        #expect(whole.verdict.hasPrefix("Complete: 0 resources in 5 ms of 1 HIEs") && whole.missing.isEmpty)
    }

    @Test("a worker that fails, or sends something else, ends it", arguments: ["{}", "", "[]", "{"])
    func failure(_ data: String) throws {
        var report = QueryReport()
        #expect(throws: CommandFailure.self) { try report.take(Self.event("error", data)) }
        let busy = Self.event("error", #"{"error":"throttled","detail":"too many queries"}"#)
        let error = #expect(throws: CommandFailure.self) { try report.take(busy) }
        #expect(error?.status == .failed && error?.description == "too many queries")
        for name in ["index", "resources", "withdrawn", "answer", "done"] where data.hasSuffix("}") || data == "[]" {
            try report.take(Self.event(name, data))
        }
    }
}
