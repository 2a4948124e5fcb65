import CareRecord

/// What a clinician wants to see of a lookup: who the patient is, then what is known, allergies first and the active
/// ones before the others; at last how complete that is.
struct LookupView {
    private struct Entry {
        let category: String
        let source, resource, status, date, text: String

        init(_ json: JSON) {
            category = json["category"]?.text ?? "?"
            source = json["source"]?.text ?? "?"
            resource = json["resource"]?.text ?? "?"
            status = json["status"]?.text ?? ""
            date = json["date"]?.text ?? ""
            let code = json["code"]?.text
            text = json["display"]?.text ?? code.map { "code \($0)" } ?? "(details at \(source))"
        }

        var isActive: Bool { ["active", "in-progress", "arrived", "booked", "draft"].contains(status) }
    }

    private let number: String
    private let demographics: [JSON]
    private let entries: [Entry]
    private let coverage: [CoverageRow]

    init(_ json: JSON) {
        number = json["nhsNumber"]?.text ?? ""
        demographics = json["demographics"]?.elements ?? []
        entries = (json["entries"]?.elements ?? []).map(Entry.init)
        coverage = (json["coverage"]?.elements ?? []).map(CoverageRow.init)
    }

    func print() {
        PatientHeading(number).print()
        printDemographics()
        for category in Category.allCases where category != .demographics { print(category) }
        printEmptyState()
        coverage.section.print()
    }

    private func printDemographics() {
        var section = Section(
            "Patient", .init("source"), .init("name"), .init("born"), .init("gender"), .init("postcode"),
            .init("deceased"))
        for patient in demographics {
            let given = (patient["given"]?.elements ?? []).compactMap(\.text).joined(separator: " ")
            let family = patient["family"]?.text?.uppercased() ?? ""
            let deceased = patient["deceased"]?.text
            section.append(
                "patient", .init(patient["source"]?.text ?? "?"),
                .init([family, given].filter { !$0.isEmpty }.joined(separator: ", ")),
                .init(patient["birthDate"]?.text ?? ""), .init(patient["gender"]?.text ?? ""),
                .init(patient["postalCode"]?.text ?? ""), .init(deceased == "true" ? "yes" : deceased ?? "", .red))
        }
        section.print()
    }

    private func print(_ category: Category) {
        let all = entries.filter { $0.category == category.rawValue }
        var section = Section(
            Self.title(category), .init("date"), .init("what"), .init("status"), .init("source"), .init("resource"))
        // The worker sorts by date, so each half is the newest first.
        for entry in all.filter(\.isActive) + all.filter({ !$0.isActive }) {
            let style: Style = category == .allergy && entry.isActive ? .red : .plain
            section.append(
                category.rawValue, .init(Self.day(entry.date)), .init(entry.text, style), .init(entry.status),
                .init(entry.source), .init(entry.resource, .dim))
        }
        section.print()
    }

    private func printEmptyState() {
        guard entries.isEmpty, demographics.isEmpty, Terminal.isInteractive else { return }
        let caveat = coverage.caveat(of: "anything about this number")
        Terminal.print("Nothing is held here about this patient. \(caveat)\n")
    }

    private static func title(_ category: Category) -> String {
        switch category {
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

    /// The day of a FHIR date or dateTime, or as much as there is of it.
    private static func day(_ date: String) -> String { String(date.prefix(10)) }
}
