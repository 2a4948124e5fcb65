import CareRecord

/// A letter in a list, for people.
struct LetterLine {
    let id: String
    let state: String
    let resolution: String
    let cause: String
    let source: String
    let type: String
    let about: String
    let count: Int64
    let firstSeen: String
    let lastSeen: String
    let detail: String
    let isEdited: Bool

    init(_ json: JSON) {
        id = json["id"]?.integer.map { String($0) } ?? "?"
        state = json["state"]?.text ?? "?"
        resolution = json["resolution"]?.text ?? ""
        cause = json["cause"]?.text ?? "?"
        source = json["source"]?.text ?? "unknown"
        type = json["type"]?.text ?? ""
        let seq = json["seq"]?.integer.map { "change \($0)" }
        about = json["resource"]?.text ?? seq ?? (json["form"]?.text == "change" ? "a change" : "a message")
        count = json["count"]?.integer ?? 1
        firstSeen = json["firstSeen"]?.text ?? ""
        lastSeen = json["lastSeen"]?.text ?? ""
        detail = json["detail"]?.text ?? ""
        isEdited = json["edited"]?.bool ?? false
    }

    /// `resolved: covered`.
    var stateCell: Table.Cell {
        let text = resolution.isEmpty ? state : "\(state): \(resolution)"
        return Table.Cell(isEdited ? "\(text), edited" : text, Self.style(of: state))
    }

    static func style(of state: String) -> Style {
        switch state {
        case "parked": .yellow
        case "resolved": .green
        case "discarded": .dim
        default: .plain
        }
    }

    /// Under a title, in their order. People read how long ago it was, programs when.
    static func section(_ letters: [LetterLine], _ title: String, isInteractive: Bool) -> Section {
        var section = Section(
            title, .init("id", .right), .init("cause"), .init("source"), .init("about"), .init("last seen"),
            .init("count", .right), .init("state"), .init("detail"))
        for letter in letters {
            let seen = isInteractive ? Age.since(letter.lastSeen) : letter.lastSeen
            section.append(
                "letter", .init(letter.id), .init(letter.cause), .init(letter.source), .init(letter.about),
                .init(seen), .init("\(letter.count)"), letter.stateCell, .init(letter.detail, .dim))
        }
        return section
    }
}
