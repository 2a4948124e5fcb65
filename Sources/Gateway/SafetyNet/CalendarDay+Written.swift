import CareRecord

extension CalendarDay {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// A day as lists in the United Kingdom have it: `2026-11-02`, `02/11/2026`, `02-Nov-2026`, each with or without a
    /// time behind it, which is the local one unless FHIR's form says otherwise. `nil` for anything else, two digits of
    /// a year included.
    init?(written text: String) {
        if text.utf8.count > 10, let span = DaySpan(text) {
            self = span.first
            return
        }
        var day = text[...]
        // The "T" of ISO 8601 stands behind ten characters; another one is in "02-OCT-2026".
        let end = text.firstIndex(of: " ") ?? text.indices.dropFirst(10).first.flatMap { text[$0] == "T" ? $0 : nil }
        if let end {
            guard Self.isTime(text[text.index(after: end)...]) else { return nil }
            day = text[..<end]
        }
        let parts = day.split(omittingEmptySubsequences: false) { $0 == "-" || $0 == "/" }
        guard parts.count == 3 else { return nil }
        let isISO = parts[0].utf8.count == 4 && !day.contains("/")
        let named = Self.months.firstIndex(of: parts[1].lowercased()).map { $0 + 1 }
        guard isISO || day.contains("/") || named != nil,
            let year = Self.number(isISO ? parts[0] : parts[2], digits: 4...4),
            let month = named ?? Self.number(parts[1], digits: isISO ? 2...2 : 1...2),
            let number = Self.number(isISO ? parts[2] : parts[0], digits: isISO ? 2...2 : 1...2), year > 0
        else { return nil }
        self.init(year: year, month: month, day: number)
    }

    /// `9:30`, `09:30:00`, `09:30:00.000`.
    private static func isTime(_ text: Substring) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let hour = number(parts[0], digits: 1...2), hour < 24,
            let minute = number(parts[1], digits: 2...2), minute < 60
        else { return false }
        guard parts.count == 3 else { return true }
        let second = parts[2].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return number(second[0], digits: 2...2).map { $0 < 60 } ?? false
            && (second.count == 1 || number(second[1], digits: 1...9) != nil)
    }

    private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int? {
        guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }
}
