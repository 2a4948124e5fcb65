import CareRecord

/// What differs between two texts, line by line: each line of the result begins with a space, `-` or `+`.
struct LineDiff {
    /// Lines that differ; of more it is only said how many they are.
    static let changesMax = 2000
    /// Lines that are the same, shown before and after what differs.
    static let contextLines = 3

    let lines: [String]

    init(_ before: [String], _ after: [String]) {
        // Between equal beginnings and ends little is left of a text that was edited, and that decides the cost.
        let start = zip(before, after).prefix { $0 == $1 }.count
        let end = zip(before.dropFirst(start).reversed(), after.dropFirst(start).reversed()).prefix { $0 == $1 }.count
        let (old, new) = (before.dropFirst(start).dropLast(end), after.dropFirst(start).dropLast(end))
        guard !old.isEmpty || !new.isEmpty else {
            lines = []
            return
        }
        let middle =
            old.count + new.count <= Self.changesMax
            ? LineComparison.lines(Array(old), Array(new))
            : ["-(\(old.count) lines)", "+(\(new.count) lines, too many to compare)"]
        let all = before.prefix(start).suffix(Self.contextLines + 1).map { " \($0)" } + middle
        lines = Self.shortened(all + before.suffix(end).prefix(Self.contextLines + 1).map { " \($0)" })
    }

    /// How a line looks on a terminal.
    static func cell(_ line: String) -> Table.Cell {
        let style: Style =
            switch line.first {
            case "-": .red
            case "+": .green
            default: .dim
            }
        return Table.Cell(VisibleText.line(line), style)
    }

    /// Long runs of lines that are the same become ` …`.
    private static func shortened(_ lines: [String]) -> [String] {
        let changed = lines.indices.filter { lines[$0].first != " " }
        let shown = Set(changed.flatMap { ($0 - contextLines)...($0 + contextLines) })
        var short: [String] = []
        for index in lines.indices {
            if shown.contains(index) {
                short.append(lines[index])
            } else if short.last != " …" {
                short.append(" …")
            }
        }
        return short
    }
}
