extension CalendarDay {
    private static let dayMilliseconds: Int64 = 86_400_000
    private static let hourMilliseconds: Int64 = 3_600_000

    /// The day in London at a moment: its clocks are an hour ahead of UTC from the last Sunday of March to that of
    /// October, each at 01:00 UTC (The Summer Time Order 2002; of years before 1996 nearly so).
    package init(inLondonAt moment: Timestamp) {
        let day = Self.inUTC(at: moment.milliseconds)
        let isSummer =
            moment.milliseconds >= Self.change(month: 3, of: day.year)
            && moment.milliseconds < Self.change(month: 10, of: day.year)
        self = isSummer ? Self.inUTC(at: moment.milliseconds + Self.hourMilliseconds) : day
    }

    /// 01:00 UTC on the last Sunday of a month of 31 days.
    private static func change(month: Int, of year: Int) -> Int64 {
        guard let last = CalendarDay(year: year, month: month, day: 31) else { return .max }
        // 1 January 1970 was a Thursday.
        let daysSinceSunday = ((last.number + 4) % 7 + 7) % 7
        return Int64(last.number - daysSinceSunday) * dayMilliseconds + hourMilliseconds
    }

    private static func inUTC(at milliseconds: Int64) -> CalendarDay {
        let (days, rest) = milliseconds.quotientAndRemainder(dividingBy: dayMilliseconds)
        return CalendarDay(number: Int(rest < 0 ? days - 1 : days))
    }
}
