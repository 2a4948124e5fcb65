import ArgumentParser
import CareRecord
import Foundation

/// From which day on: a FHIR date (`2024`, `2024-03`, `2024-03-01`), or how long ago that was (`90d`, `36h`).
struct SinceDay: ExpressibleByArgument, Sendable, Hashable {
    private static let daysMax: Int64 = 200 * 366

    /// A FHIR date.
    let date: String

    init?(argument: String) {
        self.init(argument, now: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
    }

    init?(_ text: String, now: Timestamp) {
        if CalendarDay(firstOf: text) != nil {
            date = text
            return
        }
        guard let span = TimeSpan(argument: text), span.milliseconds <= Self.daysMax * 86_400_000 else { return nil }
        date = CalendarDay(inLondonAt: Timestamp(milliseconds: now.milliseconds - span.milliseconds)).text
    }
}
