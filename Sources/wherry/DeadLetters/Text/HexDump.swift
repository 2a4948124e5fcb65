/// Bytes that are no text, as `hexdump -C` shows them.
enum HexDump {
    static let lineBytes = 16

    /// `00000010  7b 22 73 65 71 22 3a 31  7d 0a                    |{"seq":1}.|`
    static func lines(_ bytes: some Collection<UInt8>, linesMax: Int = .max) -> [String] {
        var lines: [String] = []
        var rest = bytes[...]
        var offset = 0
        while !rest.isEmpty, lines.count < linesMax {
            let row = Array(rest.prefix(lineBytes))
            lines.append(line(row, offset: offset))
            rest = rest.dropFirst(lineBytes)
            offset += row.count
        }
        return lines
    }

    /// How many lines there are.
    static func lineCount(_ bytes: some Collection<UInt8>) -> Int { (bytes.count + lineBytes - 1) / lineBytes }

    private static func line(_ row: [UInt8], offset: Int) -> String {
        let pairs = (0..<lineBytes).map { index in
            (index == lineBytes / 2 ? " " : "") + (index < row.count ? "\(hexadecimal(Int(row[index]), 2)) " : "   ")
        }
        let text = row.map { (0x20..<0x7F).contains($0) ? String(Unicode.Scalar($0)) : "." }
        return "\(hexadecimal(offset, 8))  \(pairs.joined()) |\(text.joined())|"
    }

    private static func hexadecimal(_ value: Int, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
