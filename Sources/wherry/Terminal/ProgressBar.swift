import Foundation
import NIOConcurrencyHelpers

/// How far a long piece of work is: one line on a terminal's standard error that is written over, and nothing where
/// that is no terminal.
final class ProgressBar: Sendable {
    private struct State {
        var done = 0
        var text = ""
        var shownAt: ContinuousClock.Instant?
    }

    private static let widthCharacters = 24
    private static let redrawInterval = Duration.milliseconds(100)

    /// What is counted.
    enum Unit: Sendable {
        case bytes
        case seeds
        case rows
        case letters
    }

    private let isShown: Bool
    private let unit: Unit
    /// `nil` where it is not known.
    private let total: Int?
    /// What was done before it was looked at, and says nothing about the rate.
    private let start: Int
    private let startedAt = ContinuousClock.now
    private let state: NIOLockedValueBox<State>

    init(total: Int?, unit: Unit = .bytes, start: Int = 0, isShown: Bool = Terminal.isErrorTerminal) {
        self.total = total
        self.unit = unit
        self.start = start
        self.isShown = isShown
        state = NIOLockedValueBox(State(done: start))
    }

    func advance(_ count: Int) {
        draw { $0.done += count }
    }

    /// So many in all, and what is going on.
    func reach(_ done: Int, _ text: String) {
        draw {
            $0.done = done
            $0.text = text
        }
    }

    /// What is going on, such as the file's name.
    func show(_ text: String) {
        draw { $0.text = text }
    }

    /// Takes the line away.
    func clear() {
        if isShown { Self.write("\r\u{1B}[K") }
    }

    private func draw(_ change: (inout State) -> Void) {
        let line: String? = state.withLockedValue { state in
            change(&state)
            let now = ContinuousClock.now
            guard isShown, state.shownAt.map({ now - $0 >= Self.redrawInterval }) ?? true else { return nil }
            state.shownAt = now
            return Self.line(
                done: state.done, total: total, unit: unit, start: start,
                seconds: (now - startedAt) / .seconds(1), text: state.text)
        }
        // A line that wraps could not be written over.
        if let line { Self.write("\r\(line.prefix(max(1, Terminal.errorColumns - 1)))\u{1B}[K") }
    }

    /// Such as `████████░░░░  63 %  12.4 MB of 19.6 MB  3.1 MB/s  2 s left  barts.ndjson`.
    static func line(
        done: Int, total: Int?, unit: Unit = .bytes, start: Int = 0, seconds: Double, text: String
    ) -> String {
        let rate = seconds > 0 ? Double(max(0, done - start)) / seconds : 0
        var parts: [String] = []
        if let total, total > 0 {
            let share = min(1, Double(done) / Double(total))
            let full = Int(share * Double(widthCharacters))
            parts.append(String(repeating: "█", count: full) + String(repeating: "░", count: widthCharacters - full))
            parts.append("\(Int(share * 100)) %")
            parts.append("\(amount(Double(done), unit)) of \(amount(Double(total), unit))")
        } else {
            parts.append(amount(Double(done), unit))
        }
        parts.append("\(amount(rate, unit))/s")
        if let total, rate > 0, done < total {
            parts.append("\(Age.text(seconds: Double(total - done) / rate)) left")
        }
        parts.append(text)
        return parts.joined(separator: "  ")
    }

    private static func amount(_ count: Double, _ unit: Unit) -> String {
        switch unit {
        case .bytes: size(count)
        case .seeds: "\(Int(count)) seeds"
        case .rows: "\(Int(count)) rows"
        case .letters: "\(Int(count)) letters"
        }
    }

    private static func size(_ bytes: Double) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var value = bytes
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(Int(value)) B" : String(format: "%.1f", value) + " \(units[unit])"
    }

    private static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
