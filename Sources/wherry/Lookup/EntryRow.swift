import CareRecord

/// A line about one resource, for people: of an index's entry, or of the resource itself.
struct EntryRow: Sendable {
    /// `other` for types that no index knows.
    let category: String
    let source, resource, status, date, text: String
    /// Whether its source shows neither what it is nor a code.
    let isPointer: Bool

    init(entry json: JSON) {
        category = json["category"]?.text ?? "?"
        source = json["source"]?.text ?? "?"
        resource = json["resource"]?.text ?? "?"
        status = json["status"]?.text ?? ""
        date = json["date"]?.text ?? ""
        let code = json["code"]?.text
        let text = json["display"]?.text ?? code.map { "code \($0)" }
        self.text = text ?? "(details at \(source))"
        isPointer = text == nil
    }

    init(_ resource: Resource, from source: String) {
        let facts = resource.facts
        category = facts?.category.rawValue ?? Self.other
        self.source = source
        self.resource = resource.key.reference
        status = facts?.status ?? ""
        date = facts?.date ?? ""
        text = facts?.display ?? facts?.code.map { "code \($0)" } ?? resource.key.type
        isPointer = false
    }

    static let other = "other"

    var isActive: Bool { ["active", "in-progress", "arrived", "booked", "draft"].contains(status) }

    /// FHIR R4's words for what was not done after all, or is a mistake.
    var isVoid: Bool { ["entered-in-error", "cancelled", "not-done"].contains(status) }

    /// An allergy that is active stands out.
    var textCell: Table.Cell { Table.Cell(text, category == Category.allergy.rawValue && isActive ? .red : .plain) }

    /// The day of a FHIR date or dateTime, or as much as there is of it.
    var day: String { String(date.prefix(10)) }
}

extension [EntryRow] {
    /// Each half is in the order that it had.
    var activeFirst: [EntryRow] { filter(\.isActive) + filter { !$0.isActive } }

    /// One category under its title, as long as there is something of it.
    func section(_ title: String, _ category: String) -> Section {
        var section = Section(
            title, .init("date"), .init("what"), .init("status"), .init("source"), .init("resource"))
        for entry in activeFirst {
            section.append(
                category, .init(entry.day), entry.textCell, .init(entry.status), .init(entry.source),
                .init(entry.resource, .dim))
        }
        return section
    }
}

extension Category {
    /// The heading over what is of this category.
    var title: String {
        switch self {
        case .demographics: "Patient"
        case .allergy: "Allergies"
        case .medication: "Medication"
        case .condition: "Conditions"
        case .encounter: "Encounters"
        case .result: "Results"
        case .procedure: "Procedures"
        case .immunization: "Immunizations"
        case .referral: "Referrals"
        case .appointment: "Appointments"
        case .document: "Documents"
        case .carePlan: "Care plans"
        case .imaging: "Imaging"
        }
    }
}
