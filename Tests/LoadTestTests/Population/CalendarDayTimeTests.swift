import CareRecord
import Testing

@testable import LoadTest

@Suite("Times of a calendar day")
struct CalendarDayTimeTests {
    @Test("a time of day is an instant")
    func time() {
        #expect(CalendarDay(number: 20_269).time(minute: 545) == "2025-06-30T09:05:00Z")
    }
}
