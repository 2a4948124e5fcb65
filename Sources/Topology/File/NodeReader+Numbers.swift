import CareRecord
package import Yams

extension NodeReader {
    /// A whole number of `range`.
    package mutating func whole<Number: FixedWidthInteger>(
        _ node: Node, as what: String, in range: ClosedRange<Number>
    ) -> Number? {
        guard let text = text(node, as: what) else { return nil }
        // Thousands are easier to read with an underscore, which YAML 1.1 allows in numbers.
        if let number = Number(text.replacing("_", with: "")), range.contains(number) { return number }
        note(
            "\(what) `\(Self.shown(text))` cannot be used: write a whole number from \(range.lowerBound) to "
                + "\(range.upperBound)", at: node)
        return nil
    }

    /// A number of `range`, with or without a decimal point.
    package mutating func number(_ node: Node, as what: String, in range: ClosedRange<Double>) -> Double? {
        guard let text = text(node, as: what) else { return nil }
        if let number = Double(text.replacing("_", with: "")), number.isFinite, range.contains(number) { return number }
        note(
            "\(what) `\(Self.shown(text))` cannot be used: write a number from \(Self.shown(range.lowerBound)) to "
                + Self.shown(range.upperBound), at: node)
        return nil
    }

    /// A length of time such as `2m`, in milliseconds. Time spans are the sum of their parts: `2m30s`.
    package mutating func milliseconds(_ node: Node, as what: String, in range: ClosedRange<Int64>) -> Int64? {
        guard let text = text(node, as: what) else { return nil }
        if let milliseconds = Self.milliseconds(text), range.contains(milliseconds) { return milliseconds }
        let (least, most) = (Self.span(range.lowerBound), Self.span(range.upperBound))
        note(
            "\(what) `\(Self.shown(text))` cannot be used: write a time from \(least) to \(most), such as 500ms, "
                + "30s or 2m30s", at: node)
        return nil
    }

    /// A time in the units that the reader takes: `2m30s`.
    package static func span(_ milliseconds: Int64) -> String {
        guard milliseconds > 0 else { return "0s" }
        let units: [(name: String, size: Int64)] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]
        var rest = milliseconds
        var text = ""
        for (name, size) in units where rest >= size {
            text += "\(rest / size)\(name)"
            rest %= size
        }
        return text
    }

    private static let partsMax = 5

    private static func milliseconds(_ text: String) -> Int64? {
        if text == "0" || text == "0s" { return 0 }
        var rest = Substring(text)
        var total: Int64 = 0
        for _ in 0..<partsMax {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            let unit = rest.dropFirst(number.count).prefix { $0.isLetter }
            guard let part = TimeSpan(number + unit) else { return nil }
            total += part.milliseconds
            rest = rest.dropFirst(number.count + unit.count)
            if rest.isEmpty { return total }
        }
        return nil
    }

    private static func shown(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
    }
}
