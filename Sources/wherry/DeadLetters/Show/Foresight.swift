import CareRecord

/// What a replay would do with a letter, or did, in words.
struct Foresight {
    let verdict: String
    private let seq: Int64?
    private let cause: String
    private let detail: String

    /// `nil` where nothing is said.
    init?(_ json: JSON?) {
        guard let json = json?.present, let verdict = json["verdict"]?.text else { return nil }
        self.verdict = verdict
        seq = json["seq"]?.integer
        cause = json["cause"]?.text ?? ""
        detail = json["detail"]?.text ?? ""
    }

    var cell: Table.Cell { Table.Cell(text, style) }

    private var text: String {
        switch verdict {
        case "apply": "it would be applied"
        case "applied": "it was applied"
        case "duplicate": "nothing: the index has this very change"
        case "superseded":
            "nothing: the source has said something later of this" + (seq.map { " (change \($0))" } ?? "")
        case "failAgain": "it would be refused again: \(why)"
        case "failedAgain": "it was refused again: \(why)"
        default: verdict
        }
    }

    private var why: String { [cause, detail].filter { !$0.isEmpty }.joined(separator: ": ") }

    private var style: Style {
        switch verdict {
        case "apply", "applied": .green
        case "failAgain", "failedAgain": .red
        default: .plain
        }
    }
}
