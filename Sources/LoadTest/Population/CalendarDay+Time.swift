import CareRecord

extension CalendarDay {
    /// A FHIR instant on this day, in UTC.
    func time(minute: Int) -> String {
        "\(text)T\(Self.twoDigits(minute / 60)):\(Self.twoDigits(minute % 60)):00Z"
    }

    private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
