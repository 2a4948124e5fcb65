import Foundation
import NIOConcurrencyHelpers

/// A table on a terminal that is drawn over while answers arrive.
///
/// Each drawing is one write that leaves the cursor below the table: whoever interrupts the program finds the terminal
/// as it was.
final class LiveAnswers: Sendable {
    private struct State {
        var report = QueryReport()
        var drawnLines = 0
        var drawnAt: ContinuousClock.Instant?
    }

    private static let redrawInterval = Duration.milliseconds(100)

    private let startedAt = ContinuousClock.now
    private let state = NIOLockedValueBox(State())

    /// A piece of the answer.
    func take(_ event: ServerEvent) throws {
        try state.withLockedValue { state in
            try state.report.take(event)
            let now = ContinuousClock.now
            guard state.drawnAt.map({ now - $0 >= Self.redrawInterval }) ?? true else { return }
            draw(&state, rowsMax: Self.rowsMax)
        }
    }

    /// Shows how time passes, until it is cancelled.
    func keepDrawing() async throws {
        while true {
            state.withLockedValue { draw(&$0, rowsMax: Self.rowsMax) }
            try await Task.sleep(for: Self.redrawInterval)
        }
    }

    /// Draws the table once more, with all its rows, and returns what came.
    @discardableResult
    func finish() -> QueryReport {
        state.withLockedValue { state in
            draw(&state, rowsMax: .max)
            if state.drawnLines > 0 { Terminal.draw("\n") }
            return state.report
        }
    }

    /// What is above the screen cannot be drawn over: heading, titles and the cursor's line have to fit too.
    private static var rowsMax: Int { max(1, Terminal.size.rows - 4) }

    private func draw(_ state: inout State, rowsMax: Int) {
        guard !state.report.peers.isEmpty else { return }
        let table = AnswerTable(report: state.report, elapsed: ContinuousClock.now - startedAt)
        let width = Terminal.size.columns
        let heading = String(PatientHeading(state.report.number).text.prefix(width))
        let lines =
            [Style.bold.applied(to: heading)]
            + table.lines(hasColour: Terminal.hasColour, widthMax: width, rowsMax: rowsMax)
        Terminal.draw(Self.text(lines, over: state.drawnLines))
        state.drawnLines = lines.count
        state.drawnAt = ContinuousClock.now
    }

    /// The lines in place of those that were drawn before (ECMA-48: CUU, EL, ED; DECAWM is off meanwhile, so that a
    /// line with wide characters does not wrap).
    static func text(_ lines: [String], over drawn: Int) -> String {
        let up = drawn > 0 ? "\u{1B}[\(drawn)A" : ""
        let body = lines.map { "\($0)\u{1B}[K\n" }.joined()
        return "\u{1B}[?7l\r\(up)\(body)\u{1B}[J\u{1B}[?7h"
    }
}
