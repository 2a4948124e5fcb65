import CareRecord

/// Text of a document for people to read (FHIR R4, data type Narrative): XHTML in which what comes from a source is
/// escaped.
struct Narrative: Sendable {
    private var body = ""

    mutating func paragraph(_ text: String) { body += "<p>\(Self.escaped(text))</p>" }

    mutating func list(_ lines: [String]) {
        body += "<ul>" + lines.map { "<li>\(Self.escaped($0))</li>" }.joined() + "</ul>"
    }

    mutating func table(_ head: [String], _ rows: [[String]]) {
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>" + cells.map { "<\(tag)>\(Self.escaped($0))</\(tag)>" }.joined() + "</tr>"
        }
        body += "<table><thead>\(row(head, "th"))</thead><tbody>"
        for cells in rows { body += row(cells, "td") }
        body += "</tbody></table>"
    }

    var div: String { "<div xmlns=\"http://www.w3.org/1999/xhtml\">\(body)</div>" }

    /// Without what XML 1.0 does not allow.
    private static func escaped(_ text: String) -> String {
        var allowed = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { allowed.append(isForbidden(scalar) ? " " : scalar) }
        return String(allowed).escapedForHTML
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || scalar.value == 0x7F || scalar.value & 0xFFFE == 0xFFFE
    }
}
