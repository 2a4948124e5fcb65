import CareRecord
import Replication

/// What became of one HIE in a query, for people.
struct AnswerRow: Sendable {
    let hie: String
    /// A word that a later worker may know and this program not.
    let state: String
    let milliseconds: Int64
    let count: Int64
    /// ISO 8601; `nil` where it is not known.
    let asOf: String?
    let reason: String
    let cause: String

    init(_ json: JSON) {
        hie = Table.Cell(json["hie"]?.text ?? "?").text
        state = Table.Cell(json["state"]?.text ?? "?").text
        milliseconds = json["durationMs"]?.integer ?? 0
        count = json["count"]?.integer ?? 0
        asOf = json["asOf"]?.text
        // A peer's words: no more than a line, and no controls of the terminal.
        reason = Table.Cell(json["reason"]?.text ?? "").text
        cause = json["cause"]?.text ?? ""
    }

    /// Whether everything that the HIE holds is there, as far as is known.
    var isWhole: Bool { PeerAnswer.State(rawValue: state)?.isWhole ?? false }

    var isPlanned: Bool { cause == PeerAnswer.Cause.planned.rawValue }

    var stateCell: Table.Cell { Table.Cell(state, style) }

    private var style: Style {
        switch PeerAnswer.State(rawValue: state) {
        case .answered?, .nothingHeld?: .green
        case .partial?: .yellow
        case .skipped? where isPlanned: .dim
        case .timedOut?, .refused?, .skipped?, nil: .red
        }
    }

    /// `homerton timedOut (no answer within 2000 ms)`.
    var complaint: String { "\(hie) \(state)" + (reason.isEmpty ? "" : " (\(reason))") }

    /// `35 ms`, `1.2 s`; empty for who was not asked.
    var durationText: String { milliseconds == 0 ? "" : Self.text(milliseconds: milliseconds) }

    static func text(milliseconds: Int64) -> String {
        milliseconds < 1000 ? "\(milliseconds) ms" : "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    }
}
