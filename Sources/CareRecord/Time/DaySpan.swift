/// The days that a FHIR date, dateTime or instant may mean: a year is all of its days, a moment the one day that it is
/// in London.
package struct DaySpan: Sendable, Hashable {
    /// Whether something happened on or after a day.
    package enum Reach: Sendable, Hashable {
        case reaches
        /// Only part of the span does, as `2024` of 1 March 2024.
        case mayReach
        case before
    }

    package let first: CalendarDay
    package let last: CalendarDay
    /// Where it stands in time, for putting spans in order: the moment, or midnight UTC of the first day.
    package let start: Timestamp

    /// `nil` unless `text` has one of FHIR's forms and names a day and a time that exist.
    package init?(_ text: String) {
        guard let form = FHIRDate(text) else { return nil }
        let digits = Digits(text)
        let year = digits[0..<4]
        let month = digits.count >= 7 ? digits[5..<7] : nil
        let day = digits.count >= 10 ? digits[8..<10] : nil
        let lastMonth = month ?? 12
        guard let first = CalendarDay(year: year, month: month ?? 1, day: day ?? 1),
            let last = CalendarDay(
                year: year, month: lastMonth, day: day ?? CalendarDay.days(in: lastMonth, of: year))
        else { return nil }
        let midnight = Timestamp(milliseconds: Int64(first.number) * 86_400_000)
        switch form {
        case .day:
            self.first = first
            self.last = last
            start = midnight
        case .time:
            start = Timestamp(milliseconds: midnight.milliseconds + digits.timeMilliseconds)
            let inLondon = CalendarDay(inLondonAt: start)
            self.first = inLondon
            self.last = inLondon
        }
    }

    package func reach(_ day: CalendarDay) -> Reach {
        if first >= day { return .reaches }
        return last >= day ? .mayReach : .before
    }
}

extension CalendarDay {
    /// The first day of a FHIR date: of a year, a month or a day; `nil` for a text that is none, or has a time.
    package init?(firstOf date: String) {
        guard case .day? = FHIRDate(date), let span = DaySpan(date) else { return nil }
        self = span.first
    }
}

/// The numbers in a text that has one of FHIR's forms.
private struct Digits {
    private let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    var count: Int { bytes.count }

    subscript(range: Range<Int>) -> Int {
        bytes[range].reduce(0) { $0 * 10 + Int($1 &- UInt8(ascii: "0")) }
    }

    /// Of `2024-02-29T09:30:00.5+01:00`: from midnight UTC of the day that is written, to the second.
    var timeMilliseconds: Int64 {
        var minutes = self[11..<13] * 60 + self[14..<16]
        if bytes[count - 1] != UInt8(ascii: "Z") {
            let ahead = self[count - 5..<count - 3] * 60 + self[count - 2..<count]
            minutes += bytes[count - 6] == UInt8(ascii: "-") ? ahead : -ahead
        }
        // A leap second belongs to the minute that it ends.
        return Int64(minutes * 60 + min(59, self[17..<19])) * 1000
    }
}
