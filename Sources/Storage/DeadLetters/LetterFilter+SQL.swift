import CareRecord
import Replication

/// A condition on the table `letter`, with what is bound to it.
struct LetterCondition {
    enum Value {
        case int(Int64)
        case text(String)
    }

    private(set) var sql = ""
    private(set) var values: [Value] = []

    init(_ filter: LetterFilter, now: Timestamp) {
        if !filter.states.isEmpty, filter.states.count < LetterState.allCases.count {
            choose("state", filter.states.map(\.rawValue).sorted())
        }
        if !filter.causes.isEmpty { choose("cause", filter.causes.map(\.rawValue).sorted()) }
        if !filter.sources.isEmpty { choose(filter.sources) }
        if !filter.types.isEmpty { choose("type", filter.types.sorted()) }
        if let queue = filter.queue { add("queue = ?", .text(queue)) }
        if !filter.ids.isEmpty {
            add(
                "id IN (SELECT value FROM json_each(?))",
                .text("[\(filter.ids.map(String.init).joined(separator: ","))]"))
        }
        if let age = filter.olderThan { add("firstSeen <= ?", .int(now.milliseconds - age.milliseconds)) }
        if let age = filter.newerThan { add("firstSeen > ?", .int(now.milliseconds - age.milliseconds)) }
        if let text = filter.search { search(text) }
    }

    mutating func add(_ condition: String, _ bound: Value...) {
        sql += sql.isEmpty ? condition : " AND \(condition)"
        values += bound
    }

    /// `WHERE …`, or nothing.
    var clause: String { sql.isEmpty ? "" : "WHERE \(sql)" }

    func bind(to statement: PreparedStatement) {
        for (index, value) in values.enumerated() {
            switch value {
            case .int(let number): statement.bind(number, at: Int32(index + 1))
            case .text(let text): statement.bind(text, at: Int32(index + 1))
            }
        }
    }

    private mutating func choose(_ column: String, _ texts: [String]) {
        sql += sql.isEmpty ? "" : " AND "
        sql += "\(column) IN (\(texts.map { _ in "?" }.joined(separator: ", ")))"
        values += texts.map(Value.text)
    }

    private mutating func choose(_ sources: Set<LetterFilter.Source>) {
        var conditions: [String] = []
        for source in sources {
            switch source {
            case .unknown: conditions.append("source IS NULL")
            case .hie(let hie):
                conditions.append("source = ?")
                values.append(.text(hie.text))
            }
        }
        sql += sql.isEmpty ? "" : " AND "
        sql += "(\(conditions.joined(separator: " OR ")))"
    }

    private mutating func search(_ text: String) {
        if let patient = NHSNumber(text) { return add("patient = ?", .int(patient.value)) }
        let escaped = text.reduce(into: "") { pattern, character in
            if "\\%_".contains(character) { pattern.append("\\") }
            pattern.append(character)
        }
        let columns = ["detail", "routingKey", "messageID", "type", "resource"]
        let condition = columns.map { "\($0) LIKE ? ESCAPE '\\'" }.joined(separator: " OR ")
        sql += sql.isEmpty ? "(\(condition))" : " AND (\(condition))"
        values += columns.map { _ in .text("%\(escaped)%") }
    }
}
