import Foundation

/// Numbers for people: three digits that count, and thousands apart where that is asked for.
package enum FigureText {
    /// `0.0123`, `4.56`, `78.9`, `12345`.
    package static func text(_ value: Double, isGrouped: Bool = false) -> String {
        guard value.isFinite else { return "–" }
        let size = abs(value)
        if value == value.rounded() && size < 1e15 { return whole(Int64(value), isGrouped: isGrouped) }
        switch size {
        case ..<0.0995: return String(format: "%.4f", value)
        case ..<0.9995: return String(format: "%.3f", value)
        case ..<9.995: return String(format: "%.2f", value)
        case ..<99.95: return String(format: "%.1f", value)
        case ..<1e15: return whole(Int64(value.rounded()), isGrouped: isGrouped)
        default: return String(format: "%.3g", value)
        }
    }

    package static func whole(_ value: Int64, isGrouped: Bool = true) -> String {
        let digits = String(value.magnitude)
        guard isGrouped, digits.count > 3 else { return String(value) }
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    package static func whole(_ value: Int) -> String { whole(Int64(value)) }

    /// With its unit: `12.3 ms`, `4,000/s`, `1.2×`.
    package static func text(_ value: Double, _ unit: LoadFigure.Unit, isGrouped: Bool = false) -> String {
        let number = text(value, isGrouped: isGrouped)
        switch unit {
        case .count: return number
        case .ratio, .perSecond: return number + unit.rawValue
        case .seconds, .milliseconds, .mebibytes, .bytes: return "\(number) \(unit.rawValue)"
        }
    }

    /// `45 s`, `5:00`, `2:05:00`: a moment of a run or its length.
    package static func time(seconds: Double) -> String {
        let whole = Int(max(0, min(seconds, 1e9)).rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return "\(whole / 60):\(two(whole % 60))"
        default: return "\(whole / 3600):\(two(whole % 3600 / 60)):\(two(whole % 60))"
        }
    }
}
