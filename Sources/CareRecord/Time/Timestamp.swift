/// A moment of the wall clock in whole milliseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Sendable, Hashable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// Milliseconds from `earlier` to this moment; negative where `earlier` is later.
    package func since(_ earlier: Timestamp) -> Int64 { milliseconds - earlier.milliseconds }

    /// Whether that long has passed since `earlier`; also when the clock has been set back to before it.
    package func isPast(_ earlier: Timestamp, byMilliseconds length: Int64) -> Bool {
        let passed = since(earlier)
        return passed >= length || passed < 0
    }

    /// ISO 8601 in UTC with milliseconds: `2026-11-22T17:03:05.123Z`.
    package var text: String {
        let (days, rest) = milliseconds.floorDivided(by: 86_400_000)
        let time = [(rest / 3_600_000, 2), (rest / 60_000 % 60, 2), (rest / 1000 % 60, 2), (rest % 1000, 3)]
            .map { Self.padded($0, to: $1) }
        return "\(CalendarDay(number: Int(days)).text)T\(time[0]):\(time[1]):\(time[2]).\(time[3])Z"
    }

    /// Reads the form that `text` gives; `nil` for anything else.
    package init?(text: some StringProtocol) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int64? { Int64(String(decoding: bytes[range], as: UTF8.self)) }
        guard bytes.count == 24, let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let date = CalendarDay(year: Int(year), month: Int(month), day: Int(day)),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            let millisecond = number(20..<23)
        else { return nil }
        let minutes = (Int64(date.number) * 24 + hour) * 60 + minute
        let moment = Timestamp(milliseconds: (minutes * 60 + second) * 1000 + millisecond)
        guard Array(moment.text.utf8) == bytes else { return nil }
        self = moment
    }

    private static func padded(_ number: Int64, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Timestamp: CustomStringConvertible {
    package var description: String { text }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
