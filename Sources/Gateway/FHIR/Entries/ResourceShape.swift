import CareRecord

/// How the facts of an entry become a resource of its type: which members FHIR R4 asks for, and where each fact goes.
struct ResourceShape: Sendable {
    enum Status: Sendable {
        /// `status`, with the codes that FHIR allows. Any other becomes `unknown` where that is one of them, and is
        /// absent with a reason otherwise.
        case code(Set<String>)
        /// `clinicalStatus` and `verificationStatus`, with their code systems. `isNeeded`: what is not known to be an
        /// error has to have the former.
        case clinical(Set<String>, String, verification: Set<String>, String, isNeeded: Bool)
    }

    enum Code: Sendable {
        case concept(String)
        /// Asked for: absent with a reason where it is not known.
        case neededConcept(String)
        case concepts(String)
        /// `type`, or `class` where the code is of the system of classes; `class` is asked for.
        case encounter
        /// `procedureCode`, or `modality` where the code is of DICOM.
        case imaging
    }

    enum Date: Sendable {
        case dateTime(String)
        /// The start of a Period.
        case start(of: String)
        /// Needs a time of day.
        case instant(String)
        /// `occurrenceDateTime`, or `occurrenceString` where it is not known.
        case occurrence
        /// `start` and `end`, which go together.
        case appointment
    }

    /// The member that refers to the patient; `nil` for the first participant.
    let patient: String?
    let status: Status
    let code: Code
    let date: Date
    /// The member that holds the text of what it is, besides the code's.
    var text: String?
    /// Members that FHIR asks for and the index never holds: absent with a reason.
    var absent: [String] = []

    /// Every indexed type but `Patient`.
    static let byType: [String: ResourceShape] = [
        "AllergyIntolerance": ResourceShape(
            patient: "patient", status: allergyStatus, code: .concept("code"), date: .dateTime("onsetDateTime")),
        "MedicationRequest": ResourceShape(
            patient: "subject", status: .code(medicationRequest), code: .neededConcept("medicationCodeableConcept"),
            date: .dateTime("authoredOn"), absent: ["intent"]),
        "MedicationStatement": ResourceShape(
            patient: "subject", status: .code(medicationStatement), code: .neededConcept("medicationCodeableConcept"),
            date: .dateTime("effectiveDateTime")),
        "MedicationDispense": ResourceShape(
            patient: "subject", status: .code(medicationDispense), code: .neededConcept("medicationCodeableConcept"),
            date: .dateTime("whenHandedOver")),
        "Condition": ResourceShape(
            patient: "subject", status: conditionStatus, code: .concept("code"), date: .dateTime("onsetDateTime")),
        "Encounter": ResourceShape(
            patient: "subject", status: .code(encounter), code: .encounter, date: .start(of: "period")),
        "DiagnosticReport": ResourceShape(
            patient: "subject", status: .code(report), code: .neededConcept("code"),
            date: .dateTime("effectiveDateTime")),
        "Observation": ResourceShape(
            patient: "subject", status: .code(observation), code: .neededConcept("code"),
            date: .dateTime("effectiveDateTime")),
        "Procedure": ResourceShape(
            patient: "subject", status: .code(event), code: .concept("code"), date: .dateTime("performedDateTime")),
        "Immunization": ResourceShape(
            patient: "patient", status: .code(["completed", "entered-in-error", "not-done"]),
            code: .neededConcept("vaccineCode"), date: .occurrence),
        "ServiceRequest": ResourceShape(
            patient: "subject", status: .code(request), code: .concept("code"), date: .dateTime("authoredOn"),
            absent: ["intent"]),
        "Appointment": ResourceShape(
            patient: nil, status: .code(appointment), code: .concepts("serviceType"), date: .appointment,
            text: "description"),
        "DocumentReference": ResourceShape(
            patient: "subject", status: .code(["current", "superseded", "entered-in-error"]), code: .concept("type"),
            date: .instant("date"), text: "description"),
        "CarePlan": ResourceShape(
            patient: "subject", status: .code(request), code: .concepts("category"), date: .start(of: "period"),
            text: "title", absent: ["intent"]),
        "ImagingStudy": ResourceShape(
            patient: "subject", status: .code(["registered", "available", "cancelled", "entered-in-error", "unknown"]),
            code: .imaging, date: .dateTime("started"), text: "description"),
    ]
}

// FHIR R4, the value set that each type's page binds its status to.
extension ResourceShape {
    private static let terminology = "http://terminology.hl7.org/CodeSystem/"

    private static let allergyStatus = Status.clinical(
        ["active", "inactive", "resolved"], terminology + "allergyintolerance-clinical",
        verification: ["unconfirmed", "confirmed", "refuted", "entered-in-error"],
        terminology + "allergyintolerance-verification", isNeeded: true)
    private static let conditionStatus = Status.clinical(
        ["active", "recurrence", "relapse", "inactive", "remission", "resolved"], terminology + "condition-clinical",
        verification: ["unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"],
        terminology + "condition-ver-status", isNeeded: false)
    private static let medicationRequest: Set<String> = [
        "active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown",
    ]
    private static let medicationStatement: Set<String> = [
        "active", "completed", "entered-in-error", "intended", "stopped", "on-hold", "unknown", "not-taken",
    ]
    private static let medicationDispense: Set<String> = [
        "preparation", "in-progress", "cancelled", "on-hold", "completed", "entered-in-error", "stopped", "declined",
        "unknown",
    ]
    private static let encounter: Set<String> = [
        "planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error",
        "unknown",
    ]
    private static let report: Set<String> = [
        "registered", "partial", "preliminary", "final", "amended", "corrected", "appended", "cancelled",
        "entered-in-error", "unknown",
    ]
    private static let observation: Set<String> = [
        "registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown",
    ]
    private static let event: Set<String> = [
        "preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "entered-in-error", "unknown",
    ]
    private static let request: Set<String> = [
        "draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown",
    ]
    private static let appointment: Set<String> = [
        "proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error",
        "checked-in", "waitlist",
    ]
}
