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
        if Terminal.isInteractive { Terminal.print(Style.bold.applied(to: Self.heading(number)) + "\n") }
        PatientRow.section(patients).print()
        for category in Category.allCases where category != .demographics {
            // The worker sorts by date, so each half is the newest first.
            let wanted = entries.filter { $0.category == category.rawValue }
            wanted.section(category.title, category.rawValue).print()
        }
        printEmptyState()
        printCoverage()
    }

    private func printEmptyState() {
        guard entries.isEmpty, patients.isEmpty, Terminal.isInteractive else { return }
        let incomplete = coverage.filter { !$0.isComplete }.map(\.hie)
        let caveat =
            incomplete.isEmpty
            ? "Every HIE is complete, so none shares anything about this number."
            : "That says nothing about \(incomplete.joined(separator: ", ")): see below."
        Terminal.print("Nothing is held here about this patient. \(caveat)\n")
    }

    private func printCoverage() {
        var section = Section(
            "Coverage", .init("HIE"), .init("state"), .init("as of"), .init("behind", .right), .init("why"))
        for row in coverage {
            section.append(
                "coverage", .init(row.hie), row.stateCell, .init(row.asOf), .init(row.behind), row.reasonCell)
        }
        section.print()
    }

    /// `NHS number 999 000 0018`, as it is printed on letters.
    static func heading(_ number: String) -> String {
        let isWhole = number.count == 10
        let spaced = "\(number.prefix(3)) \(number.dropFirst(3).prefix(3)) \(number.suffix(4))"
        return "NHS number \(isWhole ? spaced : number)"
    }
}
