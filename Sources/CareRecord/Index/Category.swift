/// What a clinician looks for: the heading under which a resource's entry stands in the index (design §8).
package enum Category: String, Sendable, CaseIterable {
    case demographics
    case allergy
    case medication
    case condition
    case encounter
    case result
    case procedure
    case immunization
    case referral
    case appointment
    case document
    case carePlan = "care-plan"
    case imaging

    /// The category of a FHIR resource type, or `nil` for types that are not indexed.
    package init?(type: String) {
        guard let category = Self.byType[type] else { return nil }
        self = category
    }

    /// The FHIR R4 resource types that this category holds.
    package var types: [String] {
        switch self {
        case .demographics: ["Patient"]
        case .allergy: ["AllergyIntolerance"]
        case .medication: ["MedicationRequest", "MedicationStatement", "MedicationDispense"]
        case .condition: ["Condition"]
        case .encounter: ["Encounter"]
        case .result: ["DiagnosticReport", "Observation"]
        case .procedure: ["Procedure"]
        case .immunization: ["Immunization"]
        case .referral: ["ServiceRequest"]
        case .appointment: ["Appointment"]
        case .document: ["DocumentReference"]
        case .carePlan: ["CarePlan"]
        case .imaging: ["ImagingStudy"]
        }
    }

    /// The place in the order of the cases, which is that of every list of entries.
    package var rank: Int {
        switch self {
        case .demographics: 0
        case .allergy: 1
        case .medication: 2
        case .condition: 3
        case .encounter: 4
        case .result: 5
        case .procedure: 6
        case .immunization: 7
        case .referral: 8
        case .appointment: 9
        case .document: 10
        case .carePlan: 11
        case .imaging: 12
        }
    }

    private static let byType = Dictionary(
        uniqueKeysWithValues: allCases.flatMap { category in category.types.map { ($0, category) } })
}
