import Foundation

/// Lengths of time for people: short, one unit.
enum Age {
    /// `12 s`, `3 min`, `5 h`, `8 days`.
    static func text(seconds: Double) -> String {
        switch seconds {
        case ..<1: "0 s"
        case ..<120: "\(Int(seconds)) s"
        case ..<7200: "\(Int(seconds / 60)) min"
        case ..<172_800: "\(Int(seconds / 3600)) h"
        default: "\(Int(seconds / 86_400)) days"
        }
    }

    /// How long ago an ISO 8601 moment was; the text itself where it is not one.
    static func since(_ text: String, now: Date = Date()) -> String {
        guard let moment = moment(text) else { return text }
        return "\(self.text(seconds: now.timeIntervalSince(moment))) ago"
    }

    /// Reads a moment with or without fractions of a second.
    static func moment(_ text: String) -> Date? {
        try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains(".")))
    }
}
