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

    /// No line is longer than `widthMax` characters: what is cut ends with `…`.
    func alignedLines(hasColour: Bool, widthMax: Int = .max) -> [String] {
        let header = columns.map { Cell($0.title, .bold) }
        let widths = columns.indices.map { index in ([header] + rows).map { $0[index].text.count }.max() ?? 0 }
        return ([header] + rows).map { row in
            var runs: [Cell] = []
            for index in row.indices {
                let padding = Cell(padded: widths[index] - row[index].text.count)
                if index > 0 { runs.append(Cell(padded: 2)) }
                runs += columns[index].alignment == .left ? [row[index], padding] : [padding, row[index]]
            }
            while let last = runs.last, last.text.allSatisfy({ $0 == " " }) { runs.removeLast() }
            return Self.line(runs, hasColour: hasColour, widthMax: widthMax)
        }
    }

    private static func line(_ runs: [Cell], hasColour: Bool, widthMax: Int) -> String {
        let isCut = runs.reduce(0) { $0 + $1.text.count } > widthMax
        var room = isCut ? max(0, widthMax - 1) : widthMax
        var line = ""
        for run in runs {
            let text = String(run.text.prefix(room))
            room -= text.count
            line += run.style.applied(to: text, hasColour: hasColour)
        }
        return isCut && widthMax > 0 ? line + "…" : line
    }
}

extension Table.Cell {
    fileprivate init(padded width: Int) { self.init(String(repeating: " ", count: width)) }
}

extension Character {
    /// Also what turns the direction of the text around it (Unicode, Bidi_Control).
    fileprivate var isControl: Bool {
        unicodeScalars.contains { $0.properties.generalCategory == .control || $0.properties.isBidiControl }
    }
}
