import CareRecord
import Replication
import Storage

/// A report as text in columns, for a printer or a terminal.
struct TextReport: ReportRenderer {
    let contentType = ContentType.text
    let sections = [ReportSection.unsettled, .settled]

    private static let factNameWidth = 24
    /// A number's place in a table of figures.
    private static let figureWidth = 14
    private static let columns: [(name: String, width: Int)] = [
        ("letter", 8), ("cause", 18), ("source", 14), ("seq", 9), ("foreseen", 14), ("came to", 14), ("at", 24),
    ]

    func beginning(of report: PlanReport) -> [UInt8] {
        let title = "Report on a replay of dead letters"
        var lines = [title, String(repeating: "=", count: title.count), ""]
        lines += report.facts.map { Self.left($0.name, Self.factNameWidth) + $0.text.printable }
        if let caution = report.caution { lines += ["", caution] }
        lines += ["", "Totals", "------", ""]
        lines.append(Self.row("", ["foreseen", "came to"]))
        for verdict in report.verdicts {
            lines.append(Self.row(verdict.name, [verdict.foreseen.map { String($0) } ?? "-", String(verdict.result)]))
        }
        lines += ["", "By cause", "--------", ""]
        lines.append(Self.row("", report.verdicts.map(\.name) + ["letters"]))
        for (cause, figures) in report.causes {
            lines.append(Self.row(cause.rawValue, (figures.outcomes + [figures.count]).map { String($0) }))
        }
        return Self.bytes(lines)
    }

    func beginning(of section: ReportSection, count: Int) -> [UInt8] {
        let title = "\(section.title) (\(count))"
        let lines = ["", title, String(repeating: "-", count: title.count), ""]
        return Self.bytes(count == 0 ? lines + ["none"] : lines + [Self.line(Self.columns.map(\.name))])
    }

    func letters(_ letters: [PlannedLetter], after writtenCount: Int, of count: Int) -> [UInt8] {
        var lines: [String] = []
        for letter in letters {
            lines.append(
                Self.line([
                    String(letter.letter), letter.cause.rawValue, letter.source?.text ?? "unknown",
                    letter.seq.map { String($0) } ?? "-", letter.foreseen.inWords,
                    letter.result?.inWords ?? "not attempted", letter.at?.text ?? "-",
                ]))
            if let failure = letter.result?.failure {
                lines.append(Self.left("", Self.columns[0].width + 1) + failure.printable)
            }
        }
        return Self.bytes(lines)
    }

    func end(of section: ReportSection) -> [UInt8] { [] }

    func end(of report: PlanReport) -> [UInt8] { Self.bytes(["", report.lastLine.printable]) }

    private static func bytes(_ lines: [String]) -> [UInt8] {
        Array(lines.map { $0 + "\n" }.joined().utf8)
    }

    private static func line(_ cells: [String]) -> String {
        zip(cells, columns).map { left($0, $1.width) }.joined(separator: " ").trimmingEnd
    }

    private static func row(_ name: String, _ figures: [String]) -> String {
        left(name, factNameWidth) + figures.map { right($0, figureWidth) }.joined()
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

extension String {
    /// On one line, and with nothing in it that a terminal would obey.
    fileprivate var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .lineSeparator, .paragraphSeparator, .format: " "
                    default: scalar
                    }
                }))
    }

    fileprivate var trimmingEnd: String {
        var rest = self[...]
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
