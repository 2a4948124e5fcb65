import CareRecord

/// A table of the page, with a caption and a heading for every row.
struct HTMLTable {
    enum Cell {
        case text(String)
        case number(String)
        /// HTML that is safe already.
        case html(String)
        /// A text of one of the page's classes: `good`, `bad`, `quiet`.
        case marked(String, String)
    }

    private let caption: String
    private let columns: [(title: String, isNumber: Bool)]
    private var rows: [(heading: String, cells: [Cell])] = []

    /// The first column is that of the rows' headings.
    init(_ caption: String, _ columns: [(title: String, isNumber: Bool)]) {
        self.caption = caption
        self.columns = columns
    }

    mutating func append(_ heading: String, _ cells: Cell...) {
        append(heading, cells: cells)
    }

    mutating func append(_ heading: String, cells: [Cell]) {
        precondition(cells.count == columns.count - 1, "a row has a cell for every column but the first")
        rows.append((heading, cells))
    }

    var html: String {
        guard !rows.isEmpty else { return "" }
        var html = "<div class=\"scroll\" role=\"group\" aria-label=\"\(caption.escapedForHTML)\" tabindex=\"0\">"
        html += "<table>\n<caption>\(caption.escapedForHTML)</caption>\n<thead><tr>"
        for column in columns {
            html += "<th scope=\"col\"\(column.isNumber ? " class=\"number\"" : "")>\(column.title.escapedForHTML)</th>"
        }
        html += "</tr></thead>\n<tbody>\n"
        for row in rows {
            html += "<tr><th scope=\"row\">\(row.heading.escapedForHTML)</th>"
            for cell in row.cells { html += cell.html }
            html += "</tr>\n"
        }
        return html + "</tbody>\n</table></div>\n"
    }
}

extension HTMLTable.Cell {
    fileprivate var html: String {
        switch self {
        case .text(let text): "<td>\(text.escapedForHTML)</td>"
        case .number(let text): "<td class=\"number\">\(text.escapedForHTML)</td>"
        case .html(let html): "<td>\(html)</td>"
        case .marked(let text, let kind): "<td class=\"\(kind)\">\(text.escapedForHTML)</td>"
        }
    }

    /// A bar of a hundred per cent at most, beside its number.
    static func bar(_ text: String, share: Double) -> HTMLTable.Cell {
        let percent = Int((min(1, max(0, share.isFinite ? share : 0)) * 100).rounded())
        return .html(
            "<span class=\"meter\"><span class=\"figure\">\(text.escapedForHTML)</span><span class=\"track\" "
                + "aria-hidden=\"true\"><span style=\"width:\(percent)%\"></span></span></span>")
    }

    static func milliseconds(_ value: Double?) -> HTMLTable.Cell {
        .number(value.map { FigureText.text($0, isGrouped: true) } ?? "–")
    }

    static func whole(_ value: Int) -> HTMLTable.Cell { .number(FigureText.whole(value)) }
}
