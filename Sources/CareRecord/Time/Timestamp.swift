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
        let time = Int(rest)
        var text = CalendarDay(number: Int(days)).text
        text.reserveCapacity(24)
        text += String(unsafeUninitializedCapacity: 14) { digits in
            _ = digits.initialize(from: "T00:00:00.000Z".utf8)
            digits.write(time / 3_600_000, at: 1, digits: 2)
            digits.write(time / 60_000 % 60, at: 4, digits: 2)
            digits.write(time / 1000 % 60, at: 7, digits: 2)
            digits.write(time % 1000, at: 10, digits: 3)
            return 14
        }
        return text
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
