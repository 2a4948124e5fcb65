package import CareRecord
import GRDB
import Replication

/// The columns by which a patient is searched. They follow from the demographics and stand beside them in the row, so
/// that whatever writes or removes an entry keeps them.
package struct PersonKeys: Sendable, Hashable {
    /// Names longer than this are compared up to here.
    private static let nameCharactersMax = 256

    package private(set) var family: String?
    /// Each given name after a line feed.
    package private(set) var given: String?
    /// A date without a time, or nothing.
    package private(set) var birthDate: String?
    package private(set) var gender: String?

    package init(_ demographics: Demographics?) {
        guard let demographics else { return }
        family = demographics.family.map(Self.key)
        if !demographics.given.isEmpty {
            given = demographics.given.prefix(FHIRLimits.givenNamesMax).map { "\n" + Self.key($0) }.joined()
        }
        birthDate = demographics.birthDate.flatMap { FHIRDate($0) == .day ? $0 : nil }
        gender = demographics.gender
    }

    /// Reads the columns family, given, birthDate, gender.
    init(_ row: borrowing PreparedStatement, from column: Int32) {
        family = row.text(column)
        given = row.text(column + 1)
        birthDate = row.text(column + 2)
        gender = row.text(column + 3)
    }

    /// A name, or what is searched for in names, as the columns have it.
    static func key(_ name: String) -> String {
        // A character is a byte at least: to count the characters of a short name would tell nothing.
        name.utf8.count <= nameCharactersMax ? name.searchFolded : String(name.prefix(nameCharactersMax)).searchFolded
    }

    /// Writes the columns of entries that earlier versions wrote.
    static func fill(_ database: Database) throws {
        let names = ["family", "given", "birthDate", "gender"]
        let functions = zip(names, [\PersonKeys.family, \.given, \.birthDate, \.gender]).map { name, path in
            DatabaseFunction("wherry_\(name)", argumentCount: 1, pure: true) { values in
                guard let json = String.fromDatabaseValue(values[0]), let read = try? JSON.parse(Array(json.utf8)),
                    let demographics = try? Demographics(read)
                else { return nil }
                return PersonKeys(demographics)[keyPath: path]
            }
        }
        for function in functions { database.add(function: function) }
        defer { for function in functions { database.remove(function: function) } }
        let assignments = names.map { "\($0) = wherry_\($0)(demographics)" }.joined(separator: ", ")
        try database.execute(sql: "UPDATE entry SET \(assignments) WHERE demographics IS NOT NULL")
    }
}
