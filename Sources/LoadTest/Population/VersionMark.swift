import CareRecord

/// The date of a record that a load test made, to the second: the n-th version is dated n - 1 seconds after the
/// first, so that an index entry's date tells which version stands.
struct VersionMark: Sendable, Hashable {
    /// Since 1970, UTC.
    let seconds: Int64

    init(seconds: Int64) { self.seconds = seconds }

    init(_ day: CalendarDay, minute: Int) { seconds = Int64(day.number) * 86_400 + Int64(minute) * 60 }

    func adding(seconds more: Int64) -> VersionMark { VersionMark(seconds: seconds + more) }

    /// A FHIR dateTime: `2024-02-29T09:30:01Z`.
    var text: String {
        let time = Int(seconds % 86_400)
        let hour = CalendarDay(number: Int(seconds / 86_400)).time(minute: time / 60)
        return time % 60 == 0 ? hour : hour.dropLast(3) + (time % 60 < 10 ? "0" : "") + "\(time % 60)Z"
    }

    /// Reads the form that `text` gives; `nil` for anything else.
    init?(_ bytes: some RandomAccessCollection<UInt8>) {
        guard bytes.count == 20 else { return nil }
        func number(_ offset: Int, _ digits: Int) -> Int? {
            let start = bytes.index(bytes.startIndex, offsetBy: offset)
            var value = 0
            for byte in bytes[start...].prefix(digits) {
                guard byte &- UInt8(ascii: "0") < 10 else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2),
            let date = CalendarDay(year: year, month: month, day: day), let hour = number(11, 2),
            let minute = number(14, 2), let second = number(17, 2), bytes.last == UInt8(ascii: "Z")
        else { return nil }
        seconds = Int64(date.number) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }
}
