import Testing

@testable import CareRecord

@Suite("Calendar days")
struct CalendarDayTests {
    @Test(
        "days since 1970 are written as FHIR dates",
        arguments: [
            (0, "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29"), (11_017, "2000-03-01"),
            (19_782, "2024-02-29"), (20_269, "2025-06-30"), (-25_567, "1900-01-01"), (-25_508, "1900-03-01"),
        ])
    func text(number: Int, text: String) {
        #expect(CalendarDay(number: number).text == text)
    }
}
