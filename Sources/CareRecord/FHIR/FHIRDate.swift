/// The forms of FHIR R4's date, dateTime and instant: `2024`, `2024-02`, `2024-02-29`, `2024-02-29T09:30:00.5+01:00`.
package enum FHIRDate {
    case day
    /// With a time of day, which needs seconds and a time zone.
    case time

    /// Fractions of a second may have any number of digits, but not endlessly many.
    static let bytesMax = 40

    /// `nil` unless `text` has one of the forms and names a day and a time that exist.
    package init?(_ text: String) {
        var text = text
        guard text.utf8.count <= Self.bytesMax, let form = text.withUTF8(Self.form) else { return nil }
        self = form
    }

    private static func form(_ bytes: UnsafeBufferPointer<UInt8>) -> FHIRDate? {
        var scan = Scan(bytes: bytes)
        guard let year = scan.number(digits: 4), year > 0 else { return nil }
        if scan.isAtEnd { return .day }
        guard scan.take("-"), let month = scan.number(digits: 2), (1...12).contains(month) else { return nil }
        if scan.isAtEnd { return .day }
        guard scan.take("-"), let day = scan.number(digits: 2),
            (1...CalendarDay.days(in: month, of: year)).contains(day)
        else { return nil }
        if scan.isAtEnd { return .day }
        guard scan.take("T"), takeTime(&scan), takeZone(&scan), scan.isAtEnd else { return nil }
        return .time
    }

    private static func takeTime(_ scan: inout Scan) -> Bool {
        guard let hour = scan.number(digits: 2), hour < 24, scan.take(":"),
            let minute = scan.number(digits: 2), minute < 60, scan.take(":"),
            let second = scan.number(digits: 2), second <= 60  // 60 is a leap second
        else { return false }
        return !scan.take(".") || scan.skipDigits() > 0
    }

    private static func takeZone(_ scan: inout Scan) -> Bool {
        if scan.take("Z") { return true }
        guard scan.take("+") || scan.take("-"), let hour = scan.number(digits: 2), scan.take(":"),
            let minute = scan.number(digits: 2)
        else { return false }
        return hour < 14 && minute < 60 || hour == 14 && minute == 0
    }

    private struct Scan {
        let bytes: UnsafeBufferPointer<UInt8>
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: scalar) else { return false }
            position += 1
            return true
        }

        mutating func number(digits: Int) -> Int? {
            let start = position
            var value = 0
            while position < bytes.count, position - start < digits, isDigit(bytes[position]) {
                value = value * 10 + Int(bytes[position] - UInt8(ascii: "0"))
                position += 1
            }
            return position - start == digits ? value : nil
        }

        mutating func skipDigits() -> Int {
            let start = position
            while position < bytes.count, isDigit(bytes[position]) { position += 1 }
            return position - start
        }

        private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
    }
}
