import CareRecord
import Worker

/// The moment as the header field `Date` says it (RFC 9110 §5.6.7), made once a second. Of one thread.
final class HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private var second: Int64 = -1
    private var kept = ""

    /// Of now.
    var text: String { text(at: WallClock.system.now) }

    func text(at moment: Timestamp) -> String {
        let now = moment.milliseconds / 1000
        if now != second {
            second = now
            kept = Self.text(moment)
        }
        return kept
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func text(_ moment: Timestamp) -> String {
        let iso = moment.text
        let date = iso.prefix(10).split(separator: "-")
        let weekday = days[Int(moment.milliseconds / 86_400_000 % 7)]
        let month = months[(Int(date[1]) ?? 1) - 1]
        return "\(weekday), \(date[2]) \(month) \(date[0]) \(iso.dropFirst(11).prefix(8)) GMT"
    }
}
