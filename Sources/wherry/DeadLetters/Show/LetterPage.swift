import CareRecord

/// Everything about one letter: what it is and what to do, where it came from, what it says, what the index holds now,
/// what a replay would do, and what was done to it.
struct LetterPage {
    static let bodyLinesMax = 64

    private let json: JSON
    private let line: LetterLine
    private let content: LetterContent
    private let url: WorkerURL
    private let bodyLinesMax: Int

    /// `bodyLinesMax` is of each form of the body.
    init(_ json: JSON, url: WorkerURL, bodyLinesMax: Int = Self.bodyLinesMax) {
        self.json = json
        self.url = url
        self.bodyLinesMax = bodyLinesMax
        line = LetterLine(json)
        content = LetterContent(json)
    }

    func screen(_ look: Screen.Look) -> Screen {
        var screen = Screen(look)
        screen.append("Dead letter \(line.id)", "letter", facts: what(look))
        screen.append("Where it came from", "origin", facts: whence)
        screen.append(named("Properties", "property", json["message"]?["properties"]?.object ?? JSONObject()))
        screen.append(named("Headers", "header", content.headers))
        appendBody(to: &screen)
        screen.append("The index now", "index", facts: index)
        screen.append("A replay", "replay", facts: [("now", Foresight(json["foreseen"])?.cell ?? "")])
        screen.append(history)
        appendOriginal(to: &screen)
        appendNext(to: &screen)
        return screen
    }

    private func what(_ look: Screen.Look) -> [(name: String, value: Table.Cell)] {
        func seen(_ moment: String) -> Table.Cell {
            .init(look.isInteractive && !moment.isEmpty ? "\(moment) (\(Age.since(moment)))" : moment)
        }
        return [
            ("state", line.stateCell), ("cause", .init(line.cause, .bold)),
            ("meaning", .init(json["sentence"]?.text ?? "")), ("detail", .init(line.detail)),
            ("remedy", .init(json["remedy"]?.text ?? "", .yellow)), ("came", .init(Self.times(line.count))),
            ("first seen", seen(line.firstSeen)), ("last seen", seen(line.lastSeen)),
        ]
    }

    private static func times(_ count: Int64) -> String { count == 1 ? "once" : "\(count) times" }

    private var whence: [(name: String, value: Table.Cell)] {
        func text(_ name: String) -> Table.Cell { .init(json[name]?.text ?? "") }
        let form = json["form"]?.text == "change" ? "one line of a message; its other lines stand" : "a whole message"
        return [
            ("source", .init(line.source)), ("what", .init(form)), ("type", text("type")),
            ("resource", text("resource")),
            ("number", .init(json["seq"]?.integer.map { "change \($0) of its journal" } ?? "")),
            ("patient", text("patient")), ("message id", text("messageId")), ("broker", text("broker")),
            ("queue", text("queue")), ("exchange", text("exchange")), ("routing key", text("routingKey")),
        ]
    }

    private func named(_ title: String, _ kind: String, _ object: JSONObject) -> Section {
        var section = Section(title, .init("name"), .init("value"))
        for member in object.members where member.value != .null {
            let value = member.value.text ?? member.value.compactText
            section.append(kind, .init(VisibleText.line(member.name)), .init(VisibleText.line(value)))
        }
        return section
    }

    private func appendBody(to screen: inout Screen) {
        let rest = "the rest: \(Invocation.text("show", [line.id], from: url, "--raw"))"
        if let decoded = json["decoded"]?.present {
            let lines = decoded.indentedLines.map { Table.Cell(VisibleText.line($0)) }
            screen.append("Message, decoded", "decoded", lines: lines, linesMax: bodyLinesMax, rest: rest)
        }
        let size = "\(content.body.count) bytes"
        let title = "Message, as it is (\(content.text == nil ? "\(size) that are no UTF-8" : size))"
        screen.append(title, "body", lines: raw(content), linesMax: bodyLinesMax, rest: rest)
    }

    private func raw(_ content: LetterContent) -> [Table.Cell] {
        // One line more than is shown, so that it is known to be cut.
        let linesMax = bodyLinesMax == .max ? Int.max : bodyLinesMax + 1
        let lines = content.text.map { VisibleText.lines($0) } ?? HexDump.lines(content.body, linesMax: linesMax)
        return lines.map { Table.Cell($0) }
    }

    private var index: [(name: String, value: Table.Cell)] {
        guard let index = json["index"]?.present else { return [] }
        let entry = index["entry"]?.present
        let row = entry.map { EntryRow(entry: $0) }
        let words = row.map {
            [$0.category, $0.text, $0.status, $0.day].filter { !$0.isEmpty }.joined(separator: ", ")
        }
        return [
            ("applied through", .init(index["watermark"]?.integer.map { "change \($0)" } ?? "nothing of this source")),
            ("holds", .init(words ?? "no entry for this record")), ("resource", .init(row?.resource ?? "")),
            ("of", .init(entry?["seq"]?.integer.map { "change \($0)" } ?? "")),
        ]
    }

    private var history: Section {
        var section = Section("History", .init("when"), .init("who"), .init("what"), .init("detail"))
        for event in json["history"]?.elements ?? [] {
            section.append(
                "history", .init(event["at"]?.text ?? ""), .init(event["by"]?.text ?? "the worker"),
                .init(event["act"]?.text ?? ""), .init(event["detail"]?.text ?? "", .dim))
        }
        return section
    }

    private func appendOriginal(to screen: inout Screen) {
        guard let original = LetterContent(originalOf: json) else { return }
        let rest = "the rest: \(Invocation.text("show", [line.id], from: url, "--raw"))"
        screen.append(
            "Edited: what differs from what came", "diff", lines: content.diff(from: original).map(LineDiff.cell),
            linesMax: bodyLinesMax, rest: rest)
        screen.append(
            "As it came (\(original.body.count) bytes)", "original", lines: raw(original), linesMax: bodyLinesMax,
            rest: rest)
    }

    private func appendNext(to screen: inout Screen) {
        let next: [(String, String)] =
            switch line.state {
            case "parked":
                [
                    ("replay:  ", Invocation.text("plan", ["--id", line.id], from: url)),
                    ("edit:    ", Invocation.text("edit", [line.id], from: url, #"--reason "…""#)),
                    ("discard: ", Invocation.text("discard", ["--id", line.id], from: url, #"--reason "…""#)),
                ]
            case "discarded":
                [("restore: ", Invocation.text("restore", ["--id", line.id], from: url, #"--reason "…""#))]
            default: []
            }
        for (what, command) in next { screen.say(.init(what + command, .dim)) }
    }
}
