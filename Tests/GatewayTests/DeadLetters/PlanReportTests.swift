import CareRecord
import Foundation
import LoadTest
import Replication
import Storage
import TestSupport
import Testing

@testable import Gateway

@Suite("The report on a plan")
struct PlanReportTests {
    private static let failed = LetterVerdict.failed(Rejection(.schema, "member status is missing"))

    /// Pages of letters that are made as they are asked for.
    private static func pages(_ count: Int, _ letter: @escaping @Sendable (Int) -> PlannedLetter) -> PlanReport.Pages {
        { after, limit in
            #expect(limit <= 1000)
            guard after < count else { return [] }
            return (after + 1...min(count, after + limit)).map(letter)
        }
    }

    /// Four letters: one of each kind that matters.
    private static let four = pages(4) { position in
        switch position {
        case 1: LetterSamples.letter(1)
        case 2: LetterSamples.letter(2, cause: .expired, foreseen: .applied, result: .superseded(by: 77))
        case 3: LetterSamples.letter(3, foreseen: failed, result: failed)
        default: LetterSamples.letter(position, result: nil)
        }
    }

    private static func written(
        _ format: ReportFormat, _ plan: ReplayPlan, _ pages: PlanReport.Pages
    ) async throws -> String {
        let barts = try #require(HIEIdentifier("barts"))
        let report = try await PlanReport(seat: Seat(barts), at: LetterSamples.moment, plan: plan, pages)
        var bytes: [UInt8] = []
        try await report.write(format.renderer, pages) { bytes += $0 }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let order = ReplayOrder(
        target: .subscriber, by: "A. Operator", reason: "the mapping was repaired", canary: 2, ratePerSecond: 20,
        stopOnFailures: 3)

    @Test("as JSON it is one object: plan, totals, causes, and every letter in its order")
    func json() async throws {
        let plan = LetterSamples.plan(.cancelled, count: 4, order: Self.order, endReason: "enough")
        let json = try JSON.parse(Array(try await Self.written(.json, plan, Self.four).utf8))
        #expect(json.object?.members.map(\.name) == ["hie", "at", "plan", "totals", "causes", "letters"])
        #expect(json["plan"]?["order"]?["reason"]?.text == "the mapping was repaired")
        #expect(json["totals"]?["count"]?.integer == 4)
        #expect(json["totals"]?["foreseen"] == ["apply": 3, "duplicate": 0, "superseded": 0, "failAgain": 1])
        #expect(
            json["totals"]?["results"] == [
                "applied": 1, "duplicate": 0, "superseded": 1, "failedAgain": 1, "notAttempted": 1,
            ])
        #expect(json["causes"]?.elements?.map { $0["cause"]?.text } == ["schema", "expired"])
        #expect(json["causes"]?.elements?.map { $0["count"]?.integer } == [3, 1])
        #expect(json["letters"]?.elements?.map { $0["id"]?.integer } == [1001, 1002, 1003, 1004])
    }

    @Test("a plan of no letters is a report too", arguments: ReportFormat.allCases)
    func empty(_ format: ReportFormat) async throws {
        let text = try await Self.written(
            format, LetterSamples.plan(count: 0), Self.pages(0) { LetterSamples.letter($0) })
        switch format {
        case .json: #expect(try JSON.parse(Array(text.utf8))["letters"] == [])
        case .text: #expect(text.contains("none") && text.hasSuffix("plan 12-3f9ab2c4: 0 letters.\n"))
        case .html: #expect(text.contains("<p>None.</p>") && text.hasSuffix("</html>\n"))
        }
    }

    @Test("as text it says who did what, when and why, and what needs somebody comes first")
    func text() async throws {
        let plan = LetterSamples.plan(.cancelled, count: 4, order: Self.order, endReason: "enough")
        let text = try await Self.written(.text, plan, Self.four)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasPrefix("Planned  ") && $0.hasSuffix("by A. Operator") })
        #expect(lines.contains { $0.hasPrefix("Reason  ") && $0.hasSuffix("the mapping was repaired") })
        #expect(lines.contains { $0.hasPrefix("SHA-256 of the letters") && $0.contains(plan.hash) })
        #expect(lines.contains { $0.contains("2 first as a canary") && $0.contains("stopping after 3") })
        #expect(lines.contains { $0.wholeMatch(of: /not attempted +- +1/) != nil })
        #expect(lines.contains { $0.wholeMatch(of: /failed again +1 +1/) != nil })
        #expect(lines.contains { $0.wholeMatch(of: /schema +1 +0 +0 +1 +1 +3/) != nil })
        let unsettled = try #require(lines.firstIndex { $0 == "Letters that failed again or were not attempted (2)" })
        let settled = try #require(lines.firstIndex { $0 == "Letters that are settled (2)" })
        #expect(unsettled < settled)
        #expect(lines[unsettled + 3].hasPrefix("1003 ") && lines[unsettled + 4].contains("member status is missing"))
        #expect(lines[unsettled + 5].contains("not attempted") && lines[settled + 4].contains("superseded by 77"))
        #expect(lines.last == "End of the report on plan 12-3f9ab2c4: 4 letters.")
        #expect(lines.allSatisfy { !$0.hasSuffix(" ") })
    }

    @Test("text has nothing in it that a terminal or a printer would obey")
    func printable() async throws {
        let plan = LetterSamples.plan(count: 4, selection: "a\u{1B}[2Jb\r\nc\u{202E}d")
        let text = try await Self.written(.text, plan, Self.four)
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" } && !text.contains("\u{202E}"))
        #expect(text.contains("a [2Jb"))
    }

    @Test("a plan that moves or has not begun says so", arguments: ReplayPlan.State.allCases)
    func caution(_ state: ReplayPlan.State) async throws {
        let text = try await Self.written(.html, LetterSamples.plan(state, count: 4), Self.four)
        #expect(text.contains("class=\"caution\"") == !state.isOver)
    }

    @Test("whatever an operator wrote is only text on the page")
    func escaped() async throws {
        let hostile = #"</dd><script>alert("x")</script><img src=x onerror='y'>&"#
        var order = Self.order
        order.reason = hostile
        let plan = LetterSamples.plan(
            .cancelled, count: 4, order: order, selection: hostile, by: hostile, endReason: hostile)
        let pages = Self.pages(2) { position in
            LetterSamples.letter(position, result: .failed(Rejection(.schema, hostile)))
        }
        let html = try await Self.written(.html, plan, pages)
        #expect(
            !html.contains("<script") && !html.contains("<img") && html.contains("&lt;script&gt;alert(&quot;x&quot;)"))
        try await Self.check(html)
    }

    @Test("the page is well formed, needs nothing from anywhere, and can be read by ear")
    func page() async throws {
        let plan = LetterSamples.plan(.cancelled, count: 4, order: Self.order, endReason: "enough")
        let html = try await Self.written(.html, plan, Self.four)
        try await Self.check(html)
        #expect(html.contains("aria-label=\"1 applied, 1 superseded, 1 failed again, 1 not attempted\""))
        #expect(html.contains("style=\"flex-grow:1\"") && html.contains("prefers-color-scheme: dark"))
        #expect(html.contains("@page { size: A4") && html.contains("<caption>1 to 2 of 2</caption>"))
    }

    @Test(
        "a hundred thousand letters are read in pages and written in pieces, each letter once",
        arguments: ReportFormat.allCases)
    func many(_ format: ReportFormat) async throws {
        let count = 100_000
        let pages = Self.pages(count) {
            LetterSamples.letter($0, result: $0.isMultiple(of: 1000) ? Self.failed : .applied)
        }
        let barts = try #require(HIEIdentifier("barts"))
        let report = try await PlanReport(
            seat: Seat(barts), at: LetterSamples.moment, plan: LetterSamples.plan(count: count), pages)
        var largest = 0
        var rows = 0
        let mark = Array(
            {
                switch format {
                case .json: "\"position\":"
                case .text: "homerton "
                case .html: "<tr><th scope=\"row\">"
                }
            }().utf8)
        try await report.write(format.renderer, pages) { bytes in
            largest = max(largest, bytes.count)
            rows += String(decoding: bytes, as: UTF8.self).utf8.count(of: mark)
        }
        // A page has rows for its totals and causes too.
        #expect(rows == count + (format == .html ? 6 : 0))
        #expect(largest < 200_000)
    }

    @Test("pages that do not go on end the report instead of going round for ever")
    func stuck() async throws {
        let pages: PlanReport.Pages = { _, _ in [LetterSamples.letter(1)] }
        let text = try await Self.written(.text, LetterSamples.plan(count: 1), pages)
        #expect(text.hasSuffix("1 letter.\n"))
    }

    /// By Python's reader: tags are closed in their order, every table has a caption and every header cell a scope,
    /// nothing is loaded and nothing runs.
    private static func check(_ html: String) async throws {
        let directory = try TemporaryDirectory()
        try html.write(toFile: directory.file("report.html"), atomically: true, encoding: .utf8)
        let script = """
            import html.parser, sys
            class Page(html.parser.HTMLParser):
                stack, tables, captions, headings, ids, links = [], 0, 0, [], set(), set()
                def handle_starttag(self, tag, attributes):
                    a = dict(attributes)
                    assert len(a) == len(attributes), attributes
                    assert tag not in ("script", "img", "link", "iframe", "object"), tag
                    assert not any(n.startswith("on") or n == "src" for n in a), a
                    if "href" in a:
                        assert a["href"].startswith("#"), a
                        self.links.add(a["href"][1:])
                    if "id" in a:
                        assert a["id"] not in self.ids, a
                        self.ids.add(a["id"])
                    if tag == "th": assert a.get("scope") in ("row", "col"), a
                    if tag == "caption": assert self.stack[-1] == "table"; self.captions += 1
                    if tag == "table": self.tables += 1
                    if tag in ("h1", "h2"): self.headings.append(tag)
                    if tag not in ("meta", "br"): self.stack.append(tag)
                def handle_endtag(self, tag):
                    assert self.stack.pop() == tag, (tag, self.getpos())
            text = open(sys.argv[1], encoding="utf-8").read()
            assert text.startswith("<!DOCTYPE html>") and "url(" not in text and "@import" not in text
            page = Page(convert_charrefs=True)
            page.feed(text); page.close()
            assert page.stack == [] and page.tables == page.captions >= 3
            assert page.headings == ["h1", "h2", "h2", "h2", "h2"], page.headings
            assert page.links <= page.ids, page.links - page.ids
            """
        try await Subprocess.run("/usr/bin/python3", ["-c", script, directory.file("report.html")])
    }
}

extension Collection where Element == UInt8 {
    /// How often `mark` occurs.
    fileprivate func count(of mark: [UInt8]) -> Int { ranges(of: mark).count }
}
