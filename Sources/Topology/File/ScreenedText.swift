/// A first look at the text of a YAML file, before the YAML parser sees it.
///
/// It finds what the parser would report badly (tabs) or answer with unbounded work (anchors and aliases as keys).
package enum ScreenedText {
    package static let anchorMessage =
        "anchors and aliases (& and *) are not used here: write the value out, or put it in quotes if it is text"

    /// Notes what it finds in `yaml`; quotes are followed within a line only.
    package static func screen(_ yaml: String, into reader: inout NodeReader) {
        for (index, line) in yaml.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard !reader.isFull else { return }
            screen(line.unicodeScalars, line: index + 1, into: &reader)
        }
    }

    private static func screen(_ line: Substring.UnicodeScalarView, line number: Int, into reader: inout NodeReader) {
        var quote: Unicode.Scalar?
        var before: Unicode.Scalar = " "
        var isIndentation = true
        for (offset, scalar) in line.enumerated() {
            defer { before = scalar }
            if isIndentation, scalar == "\t" {
                reader.note("a tab in the indentation: YAML takes spaces only", line: number, column: offset + 1)
                return
            }
            isIndentation = isIndentation && scalar == " "
            if let open = quote {
                if scalar == open { quote = nil }
                continue
            }
            let beginsToken = before == " " || "[{,:-?".unicodeScalars.contains(before)
            switch scalar {
            case "#" where before == " ": return
            case "\"" where beginsToken, "'" where beginsToken: quote = scalar
            case "&" where beginsToken, "*" where beginsToken:
                guard let next = line.dropFirst(offset + 1).first, next.properties.isAlphabetic || next.isNameMark
                else { continue }
                reader.note(anchorMessage, line: number, column: offset + 1)
            default: break
            }
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isNameMark: Bool { ("0"..."9").contains(self) || self == "_" || self == "-" }
}
