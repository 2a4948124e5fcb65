import CareRecord

/// What an answer of a worker says about one HIE, for people.
struct CoverageRow {
    let hie: String
    let state: String
    let reason: String
    let asOf: String
    let behind: String
    let held: String
    let watermark: String
    let head: String

    init(_ json: JSON) {
        hie = json["hie"]?.text ?? "?"
        state = json["state"]?.text ?? "?"
        reason = json["reason"]?.text ?? ""
        asOf = json["asOf"]?.text.map { Age.since($0) } ?? "never"
        behind = Self.number(json["behind"])
        held = Self.number(json["held"])
        watermark = Self.number(json["watermark"])
        head = Self.number(json["head"])
    }

    var isComplete: Bool { state == "complete" }

    var stateCell: Table.Cell { Table.Cell(state, style) }
    var reasonCell: Table.Cell { Table.Cell(reason, .dim) }

    private var style: Style {
        switch state {
        case "complete": .green
        case "behind", "joining": .yellow
        case "planned": .dim
        default: .red
        }
    }

    /// A dash for what is not known.
    private static func number(_ json: JSON?) -> String { json?.integer.map { String($0) } ?? "-" }
}
