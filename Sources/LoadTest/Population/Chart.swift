import CareRecord

/// What one HIE holds about one person, made resource by resource.
struct Chart {
    /// The type of a resource.
    enum Kind: String, Sendable, CaseIterable {
        case patient = "Patient"
        case allergy = "AllergyIntolerance"
        case medicationRequest = "MedicationRequest"
        case medicationStatement = "MedicationStatement"
        case medicationDispense = "MedicationDispense"
        case condition = "Condition"
        case encounter = "Encounter"
        case report = "DiagnosticReport"
        case observation = "Observation"
        case procedure = "Procedure"
        case immunization = "Immunization"
        case referral = "ServiceRequest"
        case appointment = "Appointment"
        case document = "DocumentReference"
        case plan = "CarePlan"
        case imaging = "ImagingStudy"
    }

    struct Sheet {
        let kind: Kind
        let id: String
    }

    /// How many of a hundred resources are of each kind; the rest are observations.
    private static let shares: [(kind: Kind, percent: Int)] = [
        (.encounter, 16), (.condition, 10), (.medicationRequest, 10), (.report, 7), (.immunization, 6),
        (.allergy, 5), (.procedure, 5), (.document, 5), (.appointment, 4), (.referral, 4), (.medicationStatement, 3),
        (.medicationDispense, 3), (.imaging, 3), (.plan, 2),
    ]
    private static let yearsKept = 5

    let person: Person
    let idPrefix: String
    private let lastDay: CalendarDay
    private let firstDay: CalendarDay
    private let count: Int
    private var made = 0
    var random: SplitMix64
    /// Stands as the date of whatever is written, in place of one that is drawn.
    var mark: VersionMark?

    init(person: Person, idPrefix: String, isHome: Bool, today: CalendarDay, random: SplitMix64) {
        self.person = person
        self.idPrefix = idPrefix
        self.random = random
        lastDay = person.death ?? today
        firstDay = max(person.birth, lastDay - Self.yearsKept * 365)
        count = 1 + self.random.within(isHome ? 12...28 : 3...11)
    }

    /// The next resource to write; the Patient first.
    mutating func next() -> Sheet? {
        guard made < count else { return nil }
        defer { made += 1 }
        return Sheet(kind: made == 0 ? .patient : Self.kind(&random), id: idPrefix + String(made))
    }

    /// A kind other than Patient, in the shares that records have.
    static func kind(_ random: inout SplitMix64) -> Kind {
        var rest = random.below(100)
        for (kind, percent) in shares {
            if rest < percent { return kind }
            rest -= percent
        }
        return .observation
    }

    /// Writes the members of a resource.
    mutating func write(_ sheet: Sheet, into writer: inout JSONWriter) {
        writer.member("resourceType", sheet.kind.rawValue)
        writer.member("id", sheet.id)
        switch sheet.kind {
        case .patient: writePatient(into: &writer)
        case .allergy: writeAllergy(into: &writer)
        case .medicationRequest: writeMedicationRequest(into: &writer)
        case .medicationStatement: writeMedicationStatement(into: &writer)
        case .medicationDispense: writeMedicationDispense(into: &writer)
        case .condition: writeCondition(into: &writer)
        case .encounter: writeEncounter(into: &writer)
        case .report: writeReport(into: &writer)
        case .observation: writeObservation(into: &writer)
        case .procedure: writeProcedure(into: &writer)
        case .immunization: writeImmunization(into: &writer)
        case .referral: writeReferral(into: &writer)
        case .appointment: writeAppointment(into: &writer)
        case .document: writeDocument(into: &writer)
        case .plan: writePlan(into: &writer)
        case .imaging: writeImaging(into: &writer)
        }
    }

    // MARK: - Values

    /// A day of which records are kept.
    mutating func day() -> CalendarDay {
        lastDay - random.below(lastDay.number - firstDay.number + 1)
    }

    /// Such a day as a FHIR date.
    mutating func date() -> String { mark?.text ?? day().text }

    /// A day of the coming three months.
    mutating func dayAhead() -> CalendarDay { lastDay + random.within(1...90) }

    /// A time in office hours of such a day.
    mutating func time() -> String { mark?.text ?? day().time(minute: minute()) }

    mutating func minute() -> Int { 480 + random.below(600) }

    var isAdult: Bool { firstDay.number - person.birth.number > 18 * 365 }

    var patientReference: String { "Patient/\(idPrefix)0" }
}

// MARK: - FHIR data types

extension JSONWriter {
    mutating func concept(_ name: StaticString, _ concept: Concept, system: String) {
        object(name) { $0.codings(concept, system: system) }
    }

    /// An array of one CodeableConcept.
    mutating func concepts(_ name: StaticString, _ concept: Concept, system: String) {
        array(name) { $0.object { $0.codings(concept, system: system) } }
    }

    private mutating func codings(_ concept: Concept, system: String) {
        array("coding") { $0.object { $0.coding(concept, system: system) } }
    }

    mutating func coding(_ concept: Concept, system: String) {
        member("system", system)
        member("code", concept.code)
        member("display", concept.display)
    }

    mutating func reference(_ name: StaticString, _ reference: String) {
        object(name) { $0.member("reference", reference) }
    }

    mutating func period(from start: String) {
        object("period") { $0.member("start", start) }
    }
}
