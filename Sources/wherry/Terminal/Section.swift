/// A table under a title. In a pipe the title goes and every line begins with the kind of its row, so that one kind can
/// be picked out: `allergy	Allergy to penicillin	…`.
struct Section {
    private let title: String
    private let columns: [Table.Column]
    private var rows: [(kind: String, cells: [Table.Cell])] = []

    init(_ title: String, _ columns: Table.Column...) {
        self.title = title
        self.columns = columns
    }

    mutating func append(_ kind: String, _ cells: Table.Cell...) {
        append(kind, cells: cells)
    }

    /// One cell a column.
    mutating func append(_ kind: String, cells: [Table.Cell]) {
        rows.append((kind, cells))
    }

    var isEmpty: Bool { rows.isEmpty }

    /// Prints nothing without rows.
    func print() {
        if !rows.isEmpty { Terminal.print(text(isInteractive: Terminal.isInteractive, hasColour: Terminal.hasColour)) }
    }

    /// On a terminal no line of it is longer than `widthMax`.
    func text(isInteractive: Bool, hasColour: Bool, widthMax: Int = .max) -> String {
        guard isInteractive else {
            return rows.map { row in ([row.kind] + row.cells.map(\.text)).joined(separator: "\t") }
                .joined(separator: "\n")
        }
        var table = Table(columns: columns)
        for row in rows { table.append(row: row.cells) }
        let heading = Style.bold.applied(to: title, hasColour: hasColour)
        let lines = table.alignedLines(hasColour: hasColour, widthMax: max(0, widthMax - 2))
        return ([heading] + lines.map { "  \($0)" } + ["", ""]).joined(separator: "\n")
    }
}
