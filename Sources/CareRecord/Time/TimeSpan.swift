/// A length of time in words: `250ms`, `2s`, `5m`, `1h`, `90d`.
package struct TimeSpan: Sendable, Hashable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// `nil` for anything that is not a number above 0 with one of the units behind it.
    package init?(_ text: some StringProtocol) {
        let units: [(suffix: String, milliseconds: Int64)] = [
            ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
        ]
        guard let unit = units.first(where: { text.hasSuffix($0.suffix) }),
            let number = Double(text.dropLast(unit.suffix.count)), number > 0, number < 1_000_000
        else { return nil }
        milliseconds = max(1, Int64(number * Double(unit.milliseconds)))
    }

    package var duration: Duration { .milliseconds(milliseconds) }
}

extension TimeSpan: CustomStringConvertible {
    package var description: String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}
