extension FHIRDate {
    private static let millisecondsPerMinute: Int64 = 60_000

    /// The first and the last millisecond that a FHIR date, dateTime or instant may mean; `nil` for anything else. Days
    /// without a time are taken in UTC.
    package static func span(of text: String) -> ClosedRange<Int64>? {
        switch FHIRDate(text) {
        case nil: return nil
        case .day: return daySpan(text)
        case .time: return timeSpan(text)
        }
    }

    /// The first and the last day that a date without a time may mean: fit for comparing as texts.
    package static func days(of text: String) -> (first: String, last: String)? {
        guard FHIRDate(text) == .day, let span = daySpan(text) else { return nil }
        func day(_ milliseconds: Int64) -> String { String(Timestamp(milliseconds: milliseconds).text.prefix(10)) }
        return (day(span.lowerBound), day(span.upperBound))
    }

    private static func daySpan(_ text: String) -> ClosedRange<Int64>? {
        let parts = text.split(separator: "-").compactMap { Int($0) }
        guard let first = start(parts), let next = start(Self.next(parts)) else { return nil }
        return first...(next - 1)
    }

    /// Year, year and month, or year, month and day.
    private static func start(_ parts: [Int]) -> Int64? {
        let year = padded(parts[0], to: 4)
        let month = padded(parts.count > 1 ? parts[1] : 1, to: 2)
        let first = Timestamp(text: "\(year)-\(month)-01T00:00:00.000Z")?.milliseconds
        return first.map { $0 + Int64(parts.count > 2 ? parts[2] - 1 : 0) * 86_400_000 }
    }

    /// The year, month or day after.
    private static func next(_ parts: [Int]) -> [Int] {
        switch parts.count {
        case 1: [parts[0] + 1]
        case 2: parts[1] == 12 ? [parts[0] + 1, 1] : [parts[0], parts[1] + 1]
        default: [parts[0], parts[1], parts[2] + 1]
        }
    }

    private static func timeSpan(_ text: String) -> ClosedRange<Int64>? {
        let bytes = Array(text.utf8)
        let zoneAt = bytes.lastIndex { $0 == UInt8(ascii: "Z") || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
        guard let zoneAt, zoneAt >= 19 else { return nil }
        // A leap second counts as the one before it.
        let seconds = String(decoding: bytes[..<19], as: UTF8.self)
        let whole = seconds.hasSuffix(":60") ? seconds.dropLast(2) + "59" : seconds
        guard let moment = Timestamp(text: whole + ".000Z")?.milliseconds else { return nil }
        let fraction = bytes[19..<zoneAt].dropFirst().prefix(3)
        let digits = String(decoding: fraction, as: UTF8.self)
        let start = moment - offset(bytes[zoneAt...]) + (Int64((digits + "000").prefix(3)) ?? 0)
        let lengths: [Int64] = [1000, 100, 10, 1]
        return start...(start + lengths[fraction.count] - 1)
    }

    /// Milliseconds that a zone such as `+01:00` is ahead of UTC.
    private static func offset(_ zone: ArraySlice<UInt8>) -> Int64 {
        let parts = String(decoding: zone.dropFirst(), as: UTF8.self).split(separator: ":").compactMap { Int64($0) }
        guard parts.count == 2 else { return 0 }
        let minutes = parts[0] * 60 + parts[1]
        return (zone.first == UInt8(ascii: "-") ? -minutes : minutes) * millisecondsPerMinute
    }

    private static func padded(_ number: Int, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
