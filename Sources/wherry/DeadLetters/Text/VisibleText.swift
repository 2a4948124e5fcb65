/// Text from outside as it may be shown on a terminal: nothing of it controls anything, and what would is seen.
enum VisibleText {
    /// One line. Controls become their pictures (Unicode: Control Pictures), and what has no look of its own, or turns
    /// the direction of the text around it, becomes its number.
    static func line(_ text: some StringProtocol) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: line.append(contentsOf: picture(of: scalar))
            default: line.append(scalar)
            }
        }
        return String(line)
    }

    /// The lines of a text; an end of the last one adds no empty line.
    static func lines(_ text: some StringProtocol) -> [String] {
        var lines = String(text).unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            Self.line(Substring(line.last == "\r" ? line.dropLast() : line))
        }
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    /// A line in pieces of so many characters.
    static func folded(_ line: String, width: Int) -> [String] {
        guard line.count > width, width > 0 else { return [line] }
        var pieces: [String] = []
        var rest = line[...]
        while !rest.isEmpty {
            pieces.append(String(rest.prefix(width)))
            rest = rest.dropFirst(width)
        }
        return pieces
    }

    private static func picture(of scalar: Unicode.Scalar) -> String.UnicodeScalarView {
        let picture: UInt32? =
            switch scalar.value {
            case 0..<0x20: 0x2400 + scalar.value
            case 0x7F: 0x2421
            default: nil
            }
        if let picture = picture.flatMap(Unicode.Scalar.init) { return String(Character(picture)).unicodeScalars }
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "<U+\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits)>".unicodeScalars
    }
}
