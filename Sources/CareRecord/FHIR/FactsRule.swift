/// Where the facts of a resource type stand (FHIR R4, the page of each type).
struct FactsRule: Sendable {
    enum CodePlace: Sendable {
        case concept(String)
        /// The first of an array of CodeableConcepts.
        case firstConcept(String)
        case coding(String)
        case firstCoding(String)
        /// `medicationCodeableConcept`, or what `medicationReference` points at within the resource.
        case medication
    }

    enum StatusPlace: Sendable {
        case code(String)
        /// The first coding of `clinicalStatus`; of `verificationStatus` where there is none, as in what was entered
        /// in error.
        case clinical
    }

    enum DatePlace: Sendable {
        case at(String)
        /// The start of a Period.
        case start(of: String)
    }

    /// The first place that says something counts, in all three.
    let codes: [CodePlace]
    var status: StatusPlace = .code("status")
    let dates: [DatePlace]
    /// Texts that name the thing better than its coding.
    var titles: [String] = []
    /// Texts that name the thing where its coding does not.
    var descriptions: [String] = []

    /// Every indexed type but `Patient`, of which the index keeps the demographics instead.
    static let byType: [String: FactsRule] = [
        "AllergyIntolerance": FactsRule(
            codes: [.concept("code")], status: .clinical,
            dates: [.at("onsetDateTime"), .start(of: "onsetPeriod"), .at("recordedDate")]),
        "MedicationRequest": FactsRule(codes: [.medication], dates: [.at("authoredOn")]),
        "MedicationStatement": FactsRule(
            codes: [.medication],
            dates: [.at("effectiveDateTime"), .start(of: "effectivePeriod"), .at("dateAsserted")]),
        "MedicationDispense": FactsRule(codes: [.medication], dates: [.at("whenHandedOver"), .at("whenPrepared")]),
        "Condition": FactsRule(
            codes: [.concept("code")], status: .clinical,
            dates: [.at("onsetDateTime"), .start(of: "onsetPeriod"), .at("recordedDate")]),
        "Encounter": FactsRule(codes: [.firstConcept("type"), .coding("class")], dates: [.start(of: "period")]),
        "DiagnosticReport": FactsRule(
            codes: [.concept("code")],
            dates: [.at("effectiveDateTime"), .start(of: "effectivePeriod"), .at("issued")]),
        "Observation": FactsRule(
            codes: [.concept("code")],
            dates: [
                .at("effectiveDateTime"), .start(of: "effectivePeriod"), .at("effectiveInstant"), .at("issued"),
            ]),
        "Procedure": FactsRule(
            codes: [.concept("code")], dates: [.at("performedDateTime"), .start(of: "performedPeriod")]),
        "Immunization": FactsRule(
            codes: [.concept("vaccineCode")], dates: [.at("occurrenceDateTime"), .at("recorded")]),
        "ServiceRequest": FactsRule(
            codes: [.concept("code")],
            dates: [.at("authoredOn"), .at("occurrenceDateTime"), .start(of: "occurrencePeriod")]),
        "Appointment": FactsRule(
            codes: [.firstConcept("serviceType"), .concept("appointmentType")], dates: [.at("start")],
            descriptions: ["description"]),
        "DocumentReference": FactsRule(
            codes: [.concept("type")], dates: [.at("date")], descriptions: ["description"]),
        "CarePlan": FactsRule(
            codes: [.firstConcept("category")], dates: [.start(of: "period"), .at("created")],
            titles: ["title"], descriptions: ["description"]),
        "ImagingStudy": FactsRule(
            codes: [.firstConcept("procedureCode"), .firstCoding("modality")], dates: [.at("started")],
            descriptions: ["description"]),
    ]
}
