/// A day of the Gregorian calendar, counted from 1 January 1970.
struct CalendarDay: Comparable {
    let number: Int

    static func < (left: CalendarDay, right: CalendarDay) -> Bool { left.number < right.number }

    static func + (day: CalendarDay, days: Int) -> CalendarDay { CalendarDay(number: day.number + days) }

    static func - (day: CalendarDay, days: Int) -> CalendarDay { CalendarDay(number: day.number - days) }

    /// A FHIR date: `2024-02-29`. The days of a 400-year era that begins on 1 March are counted, so that leap days
    /// come last (Hinnant, chrono-compatible low-level date algorithms).
    var text: String {
        let shifted = number + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(year)-\(Self.twoDigits(month))-\(Self.twoDigits(day))"
    }

    /// A FHIR instant on this day, in UTC.
    func time(minute: Int) -> String {
        "\(text)T\(Self.twoDigits(minute / 60)):\(Self.twoDigits(minute % 60)):00Z"
    }

    private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
