/// What a verb prints, put together before it is shown: tables and lines for everyone, and words for people alone.
struct Screen {
    /// How it is shown.
    struct Look {
        let isInteractive: Bool
        let hasColour: Bool
        /// Characters of a line.
        let widthMax: Int

        static var current: Look {
            Look(
                isInteractive: Terminal.isInteractive, hasColour: Terminal.hasColour,
                widthMax: Terminal.isTerminal ? Terminal.size.columns : .max)
        }

        static let pipe = Look(isInteractive: false, hasColour: false, widthMax: .max)
    }

    let look: Look
    private var parts: [String] = []

    init(_ look: Look = .current) { self.look = look }

    /// A table, cut at the terminal's width. Nothing without rows.
    mutating func append(_ section: Section) {
        guard !section.isEmpty else { return }
        let text = section.text(
            isInteractive: look.isInteractive, hasColour: look.hasColour, widthMax: look.widthMax)
        // Parts are lines: the section's last end of a line is the one between it and the next.
        parts.append(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    }

    /// A line for people.
    mutating func say(_ cell: Table.Cell) {
        if look.isInteractive { parts.append(cell.style.applied(to: cell.text, hasColour: look.hasColour)) }
    }

    /// An empty line for people.
    mutating func space() { say("") }

    /// A line for other programs: the kind of it first.
    mutating func tell(_ kind: String, _ cells: Table.Cell...) {
        if !look.isInteractive { parts.append(([kind] + cells.map(\.text)).joined(separator: "\t")) }
    }

    /// Names and values under a title; values that are empty are left out.
    mutating func append(_ title: String, _ kind: String, facts: [(name: String, value: Table.Cell)]) {
        let facts = facts.filter { !$0.value.text.isEmpty }
        guard !facts.isEmpty else { return }
        guard look.isInteractive else {
            for (name, value) in facts { tell(kind, .init(name), value) }
            return
        }
        let width = facts.map(\.name.count).max() ?? 0
        say(.init(title, .bold))
        for (name, value) in facts {
            let start = "  \(name)\(String(repeating: " ", count: width - name.count))  "
            parts.append(
                Style.dim.applied(to: start, hasColour: look.hasColour)
                    + value.style.applied(to: value.text, hasColour: look.hasColour))
        }
        space()
    }

    /// Lines as they are, under a title. Long ones are folded on a terminal; of more than `linesMax` the rest is left
    /// out, and `rest` says what to type.
    mutating func append(
        _ title: String, _ kind: String, lines: [Table.Cell], linesMax: Int, rest: String
    ) {
        guard !lines.isEmpty else { return }
        say(.init(title, .bold))
        var shown = 0
        var isCut = false
        let width = look.widthMax == .max || !look.isInteractive ? Int.max : max(20, look.widthMax - 2)
        for line in lines {
            for piece in VisibleText.folded(line.text, width: width) {
                guard shown < linesMax else {
                    isCut = true
                    break
                }
                say(.init("  \(piece)", line.style))
                tell(kind, .init(piece))
                shown += 1
            }
            if isCut { break }
        }
        if isCut { say(.init("  … \(rest)", .dim)) }
        if isCut { tell(kind, .init("… \(rest)")) }
        space()
    }

    /// Nothing where nothing is in it.
    var text: String { parts.joined(separator: "\n") }

    func print() {
        if !parts.isEmpty { Terminal.print(text) }
    }
}
