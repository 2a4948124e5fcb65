import CareRecord
import GRDB

extension IndexStore {
    /// The patients that fit, by NHS number, source and id. Reads this file and nothing else (promise P4).
    package func patients(_ query: PatientQuery) async throws(StorageError) -> PatientPage {
        try await file.read { database in
            var condition = PatientCondition(query.groups)
            let count = try PreparedStatement(database, "SELECT count(*) FROM entry WHERE \(condition.sql)")
            condition.bind(to: count)
            let total = try count.first { $0.int(0) } ?? 0
            if let place = query.after { condition.demandAfter(place) }
            // First who it is, from an index alone; the rows themselves only of those. The plus signs keep SQLite from
            // reading the whole table for the sake of the order.
            let select = try PreparedStatement(
                database,
                """
                WITH found AS MATERIALIZED (
                    SELECT patient, entry.source AS source, entry.id AS id
                    FROM entry JOIN source ON source.id = entry.source WHERE \(condition.sql)
                    ORDER BY +patient, +hie, +entry.id LIMIT \(query.limit + 1)
                )
                SELECT \(IndexedEntry.columns), entry.patient
                FROM found JOIN entry USING (patient, source, id) JOIN source ON source.id = entry.source
                WHERE type = 'Patient' ORDER BY +entry.patient, +hie, +entry.id
                """)
            condition.bind(to: select)
            var patients: [IndexedPatient] = []
            try select.each { row in
                guard let patient = NHSNumber(value: row.int(IndexedEntry.columnCount)) else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT)
                }
                patients.append(IndexedPatient(patient: patient, entry: try IndexedEntry(row)))
                return true
            }
            let hasMore = patients.count > query.limit
            return PatientPage(total: Int(total), patients: Array(patients.prefix(query.limit)), hasMore: hasMore)
        }
    }
}

/// The terms of a query as SQL over entry, and what is bound to it.
private struct PatientCondition {
    private(set) var sql = "type = 'Patient'"
    private var values: [Value] = []

    private enum Value {
        case int(Int64)
        case text(String)
    }

    init(_ groups: [[PatientQuery.Term]]) {
        for group in groups {
            let terms = group.map { term in condition(term) }
            sql += " AND " + (terms.count == 1 ? terms[0] : "(\(terms.joined(separator: " OR ")))")
        }
    }

    /// Only what comes after the place.
    mutating func demandAfter(_ place: PatientQuery.Place) {
        sql += " AND (+patient, hie, entry.id) > (?, ?, ?)"
        values += [.int(place.patient.value), .text(place.source.text), .text(place.id)]
    }

    func bind(to statement: borrowing PreparedStatement) {
        for (index, value) in values.enumerated() {
            switch value {
            case .int(let value): statement.bind(value, at: Int32(index + 1))
            case .text(let text): statement.bind(text, at: Int32(index + 1))
            }
        }
    }

    private mutating func condition(_ term: PatientQuery.Term) -> String {
        switch term {
        case .anybody:
            return "1"
        case .number(let number):
            values.append(.int(number.value))
            return "patient = ?"
        case .id(let hie, let id):
            values += [.text(hie.text), .text(id)]
            return "category = 'demographics' AND \(Self.ofSource) AND entry.id = ?"
        case .source(let hie):
            values.append(.text(hie.text))
            return Self.ofSource
        case .family(let name):
            let key = PersonKeys.key(name)
            // Nothing that begins with the key comes after the key and the last of all characters.
            values += [.text(key), .text(key + "\u{10FFFF}")]
            return "family >= ? AND family < ?"
        case .given(let name):
            values.append(.text("\n" + PersonKeys.key(name)))
            return "instr(given, ?)"
        case .familyExactly(let name):
            values += [.text(PersonKeys.key(name)), .text(name)]
            return "family = ? AND demographics ->> 'family' = ?"
        case .givenExactly(let name):
            values += [.text("\n" + PersonKeys.key(name)), .text(name)]
            return "instr(given, ?) AND EXISTS (SELECT 1 FROM json_each(demographics, '$.given') WHERE value = ?)"
        case .born(let criterion):
            return condition(criterion)
        case .gender(let gender):
            values.append(.text(gender))
            return "gender = ?"
        }
    }

    private static let ofSource = "entry.source = (SELECT id FROM source WHERE hie = ?)"
    /// First and last day of a birth date that may be a year or a month.
    private static let firstDay = "substr(birthDate || '-01-01', 1, 10)"
    private static let lastDay = """
        CASE length(birthDate) WHEN 4 THEN birthDate || '-12-31'
            WHEN 7 THEN date(birthDate || '-01', '+1 month', '-1 day') ELSE birthDate END
        """

    /// The same as `DateCriterion.matches`, on days. What stands before a condition on an expression bounds the part of
    /// the index that is read: a year comes before its days.
    private mutating func condition(_ criterion: DateCriterion) -> String {
        guard let (first, last) = FHIRDate.days(of: criterion.date) else { return "0" }
        let year = String(first.prefix(4))
        func bound(_ texts: String...) { values += texts.map(Value.text) }
        switch criterion.comparison {
        case .eq:
            bound(year, last, first, last)
            return "birthDate BETWEEN ? AND ? AND \(Self.firstDay) >= ? AND \(Self.lastDay) <= ?"
        case .ne:
            bound(first, last)
            return "birthDate IS NOT NULL AND NOT (\(Self.firstDay) >= ? AND \(Self.lastDay) <= ?)"
        case .gt:
            bound(year, last)
            return "birthDate >= ? AND \(Self.lastDay) > ?"
        case .lt:
            bound(first, first)
            return "birthDate <= ? AND \(Self.firstDay) < ?"
        case .ge:
            bound(year, last, first, last)
            return "birthDate >= ? AND (\(Self.lastDay) > ? OR \(Self.firstDay) >= ? AND \(Self.lastDay) <= ?)"
        case .le:
            bound(last, first, first, last)
            return "birthDate <= ? AND (\(Self.firstDay) < ? OR \(Self.firstDay) >= ? AND \(Self.lastDay) <= ?)"
        case .sa:
            bound(last, last)
            return "birthDate > ? AND \(Self.firstDay) > ?"
        case .eb:
            bound(first, first)
            return "birthDate < ? AND \(Self.lastDay) < ?"
        }
    }
}
