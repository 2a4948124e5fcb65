import CareRecord

/// Who the patient is according to one source, for people.
struct PatientRow: Sendable {
    let source: String
    let demographics: Demographics

    init(source: String, _ demographics: Demographics) {
        self.source = source
        self.demographics = demographics
    }

    init(_ json: JSON) {
        source = json["source"]?.text ?? "?"
        demographics = Demographics(
            family: json["family"]?.text, given: (json["given"]?.elements ?? []).compactMap(\.text),
            birthDate: json["birthDate"]?.text, gender: json["gender"]?.text, postalCode: json["postalCode"]?.text,
            deceased: json["deceased"]?.text)
    }

    /// `EXAMPLE, Ada`.
    var name: String {
        let given = demographics.given.joined(separator: " ")
        return [demographics.family?.uppercased() ?? "", given].filter { !$0.isEmpty }.joined(separator: ", ")
    }

    static func section(_ rows: [PatientRow]) -> Section {
        var section = Section(
            "Patient", .init("source"), .init("name"), .init("born"), .init("gender"), .init("postcode"),
            .init("deceased"))
        for row in rows {
            let deceased = row.demographics.deceased
            section.append(
                "patient", .init(row.source), .init(row.name), .init(row.demographics.birthDate ?? ""),
                .init(row.demographics.gender ?? ""), .init(row.demographics.postalCode ?? ""),
                .init(deceased == "true" ? "yes" : deceased ?? "", .red))
        }
        return section
    }
}
