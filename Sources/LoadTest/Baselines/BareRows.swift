import CareRecord
import Replication
import Storage

/// Rows of the index's table as SQLite takes them: texts in one buffer, so that binding costs no more than it must.
struct BareRows: Sendable {
    /// In the order of the parameters of a statement.
    static let columns = [
        "source", "patient", "type", "id", "seq", "hash", "category", "code", "system", "display", "status", "date",
        "demographics", "family", "given", "birthDate", "gender",
    ]

    enum Value: Sendable {
        case null
        case integer(Int64)
        case text(offset: Int, count: Int)
    }

    private(set) var texts: [UInt8] = []
    /// Row after row.
    private(set) var values: [Value] = []

    var count: Int { values.count / Self.columns.count }

    mutating func append(source: Int64, _ key: EntryKey, seq: Int64, _ facts: Facts) {
        values.append(.integer(source))
        values.append(.integer(key.patient.value))
        append(key.resource.type)
        append(key.resource.id)
        values.append(.integer(seq))
        values.append(.integer(Int64(bitPattern: EntryHash.of(key, seq: seq, facts))))
        append(facts.category.rawValue)
        append(facts.code)
        append(facts.system)
        append(facts.display)
        append(facts.status)
        append(facts.date)
        append(facts.demographics?.indexed)
        let person = PersonKeys(facts.demographics)
        append(person.family)
        append(person.given)
        append(person.birthDate)
        append(person.gender)
    }

    private mutating func append(_ text: String?) {
        guard let text else {
            values.append(.null)
            return
        }
        values.append(.text(offset: texts.count, count: text.utf8.count))
        texts.append(contentsOf: text.utf8)
    }
}
