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
    /// Categories of the question that the HIE shares nothing of.
    let withheld: [String]
    /// Dead letters of the HIE that name the patient of the question.
    let heldOfPatient: Int64

    init(_ json: JSON) {
        hie = json["hie"]?.text ?? "?"
        state = json["state"]?.text ?? "?"
        withheld = (json["withheld"]?.elements ?? []).compactMap(\.text)
        let silence = withheld.isEmpty ? nil : "shares no \(withheld.joined(separator: ", "))"
        heldOfPatient = max(0, json["heldOfPatient"]?.integer ?? 0)
        let held = heldOfPatient == 1 ? "1 dead letter is" : "\(heldOfPatient) dead letters are"
        let parked = heldOfPatient == 0 ? nil : "\(held) about this patient"
        reason = [json["reason"]?.text, parked, silence].compactMap(\.self).joined(separator: "; ")
        asOf = json["asOf"]?.text.map { Age.since($0) } ?? "never"
        behind = Self.number(json["behind"])
        self.held = Self.number(json["held"])
        watermark = Self.number(json["watermark"])
        head = Self.number(json["head"])
    }

    /// Whether everything that the HIE has of what was asked for is known to the worker.
    var isWhole: Bool { state == "complete" && withheld.isEmpty && heldOfPatient == 0 }

    var stateCell: Table.Cell { Table.Cell(state, style) }
    var reasonCell: Table.Cell { Table.Cell(reason, heldOfPatient > 0 ? .yellow : .dim) }

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

extension [CoverageRow] {
    /// How complete an answer is, HIE by HIE.
    var section: Section {
        var section = Section(
            "Coverage", .init("HIE"), .init("state"), .init("as of"), .init("behind", .right), .init("why"))
        for row in self {
            section.append(
                "coverage", .init(row.hie), row.stateCell, .init(row.asOf), .init(row.behind), row.reasonCell)
        }
        return section
    }

    /// What finding nothing means: `what` is what was not found.
    func caveat(of what: String) -> String {
        let missing = filter { !$0.isWhole }.map(\.hie)
        return missing.isEmpty
            ? "Every HIE is complete, so none shares \(what)."
            : "That says nothing about \(missing.joined(separator: ", ")): see below."
    }
}
