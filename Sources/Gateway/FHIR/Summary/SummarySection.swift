import CareRecord
import Storage

/// A section of a patient summary: its LOINC code and which entries belong to it (HL7 International Patient Summary,
/// profile Composition).
struct SummarySection: Sendable {
    static let loinc = "http://loinc.org"

    let title: String
    let code: String
    let codeDisplay: String
    /// The profile asks for it even when it is empty.
    var isRequired = false
    let categories: Set<Category>
    /// Of conditions: whether those that are over belong here, or the others.
    var isOver: Bool?

    static let all = [
        SummarySection(
            title: "Problems", code: "11450-4", codeDisplay: "Problem list - Reported", isRequired: true,
            categories: [.condition], isOver: false),
        SummarySection(
            title: "Allergies and intolerances", code: "48765-2",
            codeDisplay: "Allergies and adverse reactions Document", isRequired: true, categories: [.allergy]),
        SummarySection(
            title: "Medication", code: "10160-0", codeDisplay: "History of Medication use Narrative",
            isRequired: true, categories: [.medication]),
        SummarySection(
            title: "Immunizations", code: "11369-6", codeDisplay: "History of Immunization note",
            categories: [.immunization]),
        SummarySection(
            title: "Results", code: "30954-2", codeDisplay: "Relevant diagnostic tests/laboratory data note",
            categories: [.result]),
        SummarySection(
            title: "Procedures", code: "47519-4", codeDisplay: "History of Procedures Document",
            categories: [.procedure]),
        SummarySection(
            title: "Imaging", code: "18748-4", codeDisplay: "Diagnostic imaging study", categories: [.imaging]),
        SummarySection(
            title: "Past illness", code: "11348-0", codeDisplay: "History of Past illness note",
            categories: [.condition], isOver: true),
        SummarySection(
            title: "Encounters", code: "46240-8", codeDisplay: "History of Hospitalizations+Outpatient visits note",
            categories: [.encounter]),
        SummarySection(
            title: "Plan of care", code: "18776-5", codeDisplay: "Plan of care note",
            categories: [.carePlan, .referral, .appointment]),
        SummarySection(
            title: "Documents", code: "11503-0", codeDisplay: "Medical records", categories: [.document]),
    ]

    /// FHIR R4, condition-clinical: what these say is over.
    private static let over: Set<String> = ["inactive", "remission", "resolved"]

    func takes(_ entry: IndexedEntry) -> Bool {
        guard categories.contains(entry.facts.category), entry.facts.status != "entered-in-error" else { return false }
        guard let isOver else { return true }
        return isOver == Self.over.contains(entry.facts.status ?? "")
    }
}
