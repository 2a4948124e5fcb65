/// Rows under named columns: aligned on a terminal, one line of tab-separated cells a row in a pipe.
struct Table {
    enum Alignment {
        case left
        case right
    }

    struct Column {
        let title: String
        let alignment: Alignment

        init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    struct Cell: ExpressibleByStringInterpolation {
        let text: String
        let style: Style

        init(_ text: String, _ style: Style = .plain) {
            // A cell is one line whatever is in it, and no text from outside reaches the terminal's controls.
            self.text = String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 }.filter { !$0.isControl })
            self.style = style
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    private let columns: [Column]
    private var rows: [[Cell]] = []

    init(_ columns: Column...) {
        self.columns = columns
    }

    init(columns: [Column]) {
        self.columns = columns
    }

    var isEmpty: Bool { rows.isEmpty }

    /// One cell a column.
    mutating func append(_ cells: Cell...) {
        append(row: cells)
    }

    mutating func append(row cells: [Cell]) {
        precondition(cells.count == columns.count, "a row has one cell a column")
        rows.append(cells)
    }

    func print() {
        let lines = Terminal.isInteractive ? alignedLines(hasColour: Terminal.hasColour) : plainLines
        if !lines.isEmpty { Terminal.print(lines.joined(separator: "\n")) }
    }

    /// Without the titles, for other programs.
    var plainLines: [String] { rows.map { row in row.map(\.text).joined(separator: "\t") } }

    func alignedLines(hasColour: Bool) -> [String] {
        let header = columns.map { Cell($0.title, .bold) }
        let widths = columns.indices.map { index in ([header] + rows).map { $0[index].text.count }.max() ?? 0 }
        return ([header] + rows).map { row in
            let cells = row.indices.map { index in
                let cell = row[index]
                let isLast = index == row.count - 1 && columns[index].alignment == .left
                let padding = isLast ? "" : String(repeating: " ", count: widths[index] - cell.text.count)
                let text = cell.style.applied(to: cell.text, hasColour: hasColour)
                return columns[index].alignment == .left ? text + padding : padding + text
            }
            let line = cells.joined(separator: "  ")
            return String(line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)])
        }
    }
}

extension Character {
    fileprivate var isControl: Bool { unicodeScalars.contains { $0.properties.generalCategory == .control } }
}
