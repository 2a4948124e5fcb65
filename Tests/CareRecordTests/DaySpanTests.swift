import Testing

@testable import CareRecord

@Suite("Spans of days")
struct DaySpanTests {
    @Test(
        "a FHIR date is all the days that it may mean, a moment its day in London",
        arguments: [
            ("2024", "2024-01-01", "2024-12-31"), ("2024-02", "2024-02-01", "2024-02-29"),
            ("2024-02-29", "2024-02-29", "2024-02-29"), ("2026-01-15T23:30:00Z", "2026-01-15", "2026-01-15"),
            ("2026-06-14T23:15:00Z", "2026-06-15", "2026-06-15"),
            ("2026-06-15T00:15:00+01:00", "2026-06-15", "2026-06-15"),
            ("2026-06-14T22:59:59.999Z", "2026-06-14", "2026-06-14"),
            ("2026-01-15T22:00:00-05:00", "2026-01-16", "2026-01-16"),
            ("2026-01-16T04:00:00+05:30", "2026-01-15", "2026-01-15"),
            // The clocks change on 29 March and 25 October 2026.
            ("2026-03-28T23:30:00Z", "2026-03-28", "2026-03-28"), ("2026-03-29T23:30:00Z", "2026-03-30", "2026-03-30"),
            ("2026-10-24T23:30:00Z", "2026-10-25", "2026-10-25"), ("2026-10-25T23:30:00Z", "2026-10-25", "2026-10-25"),
            ("0001-01-01T00:00:00Z", "0001-01-01", "0001-01-01"), ("9999-12-31T23:59:60Z", "9999-12-31", "9999-12-31"),
        ])
    func spans(text: String, first: String, last: String) {
        let span = DaySpan(text)
        #expect(span?.first.text == first && span?.last.text == last)
    }

    @Test("what is no FHIR date is no span", arguments: ["", "yesterday", "02/11/2026", "2026-13", "2026-11-02T10:00"])
    func none(text: String) {
        #expect(DaySpan(text) == nil)
    }

    @Test(
        "a span reaches a day, may reach it, or ends before",
        arguments: [
            ("2024-03-01", DaySpan.Reach.reaches), ("2024-03-02", .reaches), ("2024-04", .reaches), ("2025", .reaches),
            ("2024", .mayReach), ("2024-03", .reaches), ("2024-02", .before), ("2024-02-29", .before),
            ("2023", .before),
            ("2024-02-29T23:59:59Z", .before), ("2024-03-01T00:00:00Z", .reaches),
        ])
    func reach(text: String, reach: DaySpan.Reach) throws {
        let day = try #require(CalendarDay(year: 2024, month: 3, day: 1))
        #expect(DaySpan(text)?.reach(day) == reach)
    }

    @Test("moments of different zones are put in order by when they were")
    func order() throws {
        let texts = ["2026-06-15T10:00:00+02:00", "2026-06-15T08:30:00Z", "2026-06-15T09:45:00+01:00", "2026-06-16"]
        let starts = try texts.map { try #require(DaySpan($0)).start }
        #expect(starts == starts.sorted())
    }

    @Test("every day of 800 years is read back")
    func everyDay() {
        for number in -146_097...146_097 {
            let day = CalendarDay(number: number)
            if DaySpan(day.text)?.first != day { Issue.record("\(day.text) is not read back") }
        }
    }
}
