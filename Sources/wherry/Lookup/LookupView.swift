import CareRecord

/// What a clinician wants to see of a lookup: who the patient is, then what is known, allergies first and the active
/// ones before the others; at last how complete that is.
struct LookupView {
    private let number: String
    private let patients: [PatientRow]
    private let entries: [EntryRow]
    private let coverage: [CoverageRow]

    init(_ json: JSON) {
        number = json["nhsNumber"]?.text ?? ""
        patients = (json["demographics"]?.elements ?? []).map { PatientRow($0) }
        entries = (json["entries"]?.elements ?? []).map { EntryRow(entry: $0) }
        coverage = (json["coverage"]?.elements ?? []).map(CoverageRow.init)
    }

    func print() {
        PatientHeading(number).print()
        PatientRow.section(patients).print()
        for category in Category.allCases where category != .demographics {
            // The worker sorts by date, so each half is the newest first.
            let wanted = entries.filter { $0.category == category.rawValue }
            wanted.section(category.title, category.rawValue).print()
        }
        printEmptyState()
        coverage.section.print()
    }

    private func printEmptyState() {
        guard entries.isEmpty, patients.isEmpty, Terminal.isInteractive else { return }
        let caveat = coverage.caveat(of: "anything about this number")
        Terminal.print("Nothing is held here about this patient. \(caveat)\n")
    }
}
