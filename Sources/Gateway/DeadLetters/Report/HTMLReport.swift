import CareRecord
import Replication
import Storage

/// A report as one page that needs nothing from anywhere: no script, no font, no picture.
///
/// Its letters come in tables of some hundreds, each with a caption and a header of its own: what is not looked at is
/// not laid out, so that a page of 100,000 letters can be read as it arrives.
struct HTMLReport: ReportRenderer {
    let contentType = ContentType.html
    let sections = [ReportSection.unsettled, .settled]

    func beginning(of report: PlanReport) -> [UInt8] {
        let title = "Replay of dead letters: plan \(report.plan.name.escapedForHTML)"
        var html = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title)</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <main>
            <h1>\(title)</h1>
            <nav aria-label="Parts of the report"><a href="#totals">Totals</a> <a href="#causes">By cause</a>
            """
        for section in sections {
            html += " <a href=\"#\(section.anchor)\">\(section.title) (\(section.count(report.total)))</a>"
        }
        html += "</nav>\n"
        if let caution = report.caution {
            html += "<p class=\"caution\" role=\"note\">\(caution.escapedForHTML)</p>\n"
        }
        html += "<dl>\n"
        for fact in report.facts {
            html += "<div><dt>\(fact.name.escapedForHTML)</dt><dd>\(fact.text.escapedForHTML)</dd></div>\n"
        }
        html += "</dl>\n"
        return Array((html + Self.totals(report) + Self.causes(report)).utf8)
    }

    func beginning(of section: ReportSection, count: Int) -> [UInt8] {
        let nothing = count == 0 ? "<p>None.</p>\n" : ""
        return Array(
            """
            <section aria-labelledby="\(section.anchor)">
            <h2 id="\(section.anchor)">\(section.title) (\(count))</h2>
            \(nothing)
            """.utf8)
    }

    func letters(_ letters: [PlannedLetter], after writtenCount: Int, of count: Int) -> [UInt8] {
        let (first, last) = (writtenCount + 1, writtenCount + letters.count)
        var html = """
            <div class="part"><table class="letters">
            <caption>\(first) to \(last) of \(max(count, last))</caption>
            <thead><tr>
            """
        for name in ["Letter", "Cause", "Source", "Seq", "Foreseen", "Came to", "At"] {
            html += "<th scope=\"col\">\(name)</th>"
        }
        html += "</tr></thead>\n<tbody>\n"
        for letter in letters { html += Self.row(letter) }
        return Array((html + "</tbody></table></div>\n").utf8)
    }

    func end(of section: ReportSection) -> [UInt8] { Array("</section>\n".utf8) }

    func end(of report: PlanReport) -> [UInt8] {
        Array("</main>\n<footer><p>\(report.lastLine.escapedForHTML)</p></footer>\n</body>\n</html>\n".utf8)
    }

    private static func row(_ letter: PlannedLetter) -> String {
        let (kind, words) = letter.result.map { ($0.word, $0.inWords) } ?? ("notAttempted", "not attempted")
        let failure = letter.result?.failure.map { "<br><small>\($0.escapedForHTML)</small>" } ?? ""
        return """
            <tr><th scope="row">\(letter.letter)</th><td>\(letter.cause.rawValue)</td>\
            <td>\(letter.source?.text ?? "unknown")</td>\
            <td class="number">\(letter.seq.map { String($0) } ?? "")</td><td>\(letter.foreseen.inWords)</td>\
            <td class="\(kind)">\(words)\(failure)</td><td>\(letter.at?.text ?? "")</td></tr>

            """
    }

    /// A bar of the totals, and the same in numbers.
    private static func totals(_ report: PlanReport) -> String {
        let words = zip(report.verdicts, kinds).filter { $0.0.result > 0 }
        let label = words.map { "\($0.0.result) \($0.0.name)" }.joined(separator: ", ")
        var html = "<section aria-labelledby=\"totals\">\n<h2 id=\"totals\">Totals</h2>\n"
        html += "<div class=\"bar\" role=\"img\" aria-label=\"\(label)\">"
        for (verdict, kind) in words { html += "<span class=\"\(kind)\" style=\"flex-grow:\(verdict.result)\"></span>" }
        html += "</div>\n<table>\n<caption>What was foreseen and what it came to, in letters</caption>\n<thead><tr>"
        for name in ["Verdict", "Foreseen", "Came to"] { html += "<th scope=\"col\">\(name)</th>" }
        html += "</tr></thead>\n<tbody>\n"
        for (verdict, kind) in zip(report.verdicts, kinds) {
            html += """
                <tr><th scope="row"><span class="mark \(kind)" aria-hidden="true"></span> \(verdict.name)</th>\
                <td class="number">\(verdict.foreseen.map { String($0) } ?? "–")</td>\
                <td class="number">\(verdict.result)</td></tr>

                """
        }
        return html + "</tbody></table>\n</section>\n"
    }

    private static func causes(_ report: PlanReport) -> String {
        var html = """
            <section aria-labelledby="causes">
            <h2 id="causes">By cause</h2>
            <table>
            <caption>What the letters of each cause came to</caption>
            <thead><tr><th scope="col">Cause</th>
            """
        for verdict in report.verdicts { html += "<th scope=\"col\">\(verdict.name)</th>" }
        html += "<th scope=\"col\">letters</th></tr></thead>\n<tbody>\n"
        for (cause, figures) in report.causes {
            html += "<tr><th scope=\"row\">\(cause.rawValue)</th>"
            for number in figures.outcomes + [figures.count] { html += "<td class=\"number\">\(number)</td>" }
            html += "</tr>\n"
        }
        return html + "</tbody></table>\n</section>\n"
    }

    /// The classes of the verdicts, in the order of ``PlanReport/verdicts``.
    private static let kinds = ["applied", "duplicate", "superseded", "failedAgain", "notAttempted"]
}

extension ReportSection {
    fileprivate var anchor: String {
        switch self {
        case .all: "letters"
        case .unsettled: "unsettled"
        case .settled: "settled"
        }
    }
}
