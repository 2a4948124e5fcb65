import CareRecord
import Testing

@Suite("Facts of each category")
struct FactsTests {
    private static let snomed = "http://snomed.info/sct"
    private static let concept: JSON = [
        "coding": [["system": "http://snomed.info/sct", "code": "1", "display": "One"]]
    ]
    private static let coding: JSON = ["system": "urn:modality", "code": "CT", "display": "Tomography"]
    private static let active: JSON = ["coding": [["code": "active"]]]

    /// A resource of each type with its members, and where its date comes from.
    static let types: [(type: String, members: [(String, JSON)])] = [
        ("AllergyIntolerance", [("clinicalStatus", active), ("code", concept), ("recordedDate", "2024")]),
        ("MedicationRequest", [("medicationCodeableConcept", concept), ("authoredOn", "2024")]),
        ("MedicationStatement", [("medicationCodeableConcept", concept), ("effectivePeriod", ["start": "2024"])]),
        ("MedicationDispense", [("medicationCodeableConcept", concept), ("whenHandedOver", "2024")]),
        ("Condition", [("clinicalStatus", active), ("code", concept), ("onsetDateTime", "2024")]),
        ("Encounter", [("type", [concept]), ("class", coding), ("period", ["start": "2024"])]),
        ("DiagnosticReport", [("code", concept), ("effectiveDateTime", "2024"), ("issued", "2023")]),
        ("Observation", [("code", concept), ("issued", "2024")]),
        ("Procedure", [("code", concept), ("performedPeriod", ["start": "2024"])]),
        ("Immunization", [("vaccineCode", concept), ("occurrenceDateTime", "2024")]),
        ("ServiceRequest", [("code", concept), ("authoredOn", "2024"), ("occurrenceDateTime", "2025")]),
        ("Appointment", [("serviceType", [concept]), ("start", "2024")]),
        ("DocumentReference", [("type", concept), ("date", "2024")]),
        ("CarePlan", [("category", [concept]), ("period", ["start": "2024"])]),
        ("ImagingStudy", [("procedureCode", [concept]), ("modality", [coding]), ("started", "2024")]),
    ]

    @Test("code, display, status and date are found in every type", arguments: types)
    func everyType(type: String, members: [(String, JSON)]) throws {
        let isClinical = members.contains { $0.0 == "clinicalStatus" }
        let status: [(String, JSON)] = isClinical ? [] : [("status", "active")]
        let facts = try #require(try accepted(resource(type, status + members)).facts)
        #expect(facts.category == Category(type: type))
        #expect(facts.code == "1" && facts.system == Self.snomed && facts.display == "One")
        #expect(facts.status == "active")
        #expect(facts.date == "2024")
    }

    @Test("the table covers every indexed type")
    func coverage() {
        let types = Set(Self.types.map(\.type) + ["Patient"])
        #expect(types == Set(Category.allCases.flatMap(\.types)))
        #expect(Category.allCases.map(\.rank) == Array(Category.allCases.indices))
    }

    @Test("a resource that says nothing still has its category", arguments: types.map(\.type))
    func bare(type: String) throws {
        let facts = try #require(try accepted(resource(type)).facts)
        #expect(facts == Facts(category: try #require(Category(type: type))))
    }

    @Test("SNOMED CT counts before other codings, and the concept's text stands in for a display")
    func codings() throws {
        let other: JSON = ["system": "urn:local", "code": "L1", "display": "Local"]
        let snomed: JSON = ["system": "http://snomed.info/sct", "code": "22"]
        func facts(_ code: JSON) throws -> Facts? { try accepted(resource([("code", code)])).facts }
        let both = try facts(["coding": [other, snomed], "text": "In words"])
        #expect(both?.code == "22" && both?.display == "In words")
        let local = try facts(["coding": [other], "text": "In words"])
        #expect(local?.code == "L1" && local?.system == "urn:local" && local?.display == "Local")
        let words = try facts(["text": "In words"])
        #expect(words?.code == nil && words?.system == nil && words?.display == "In words")
    }

    @Test("where the first place for a code is empty, the next counts")
    func secondPlaces() throws {
        let encounter = try accepted(resource("Encounter", [("class", Self.coding)])).facts
        #expect(encounter?.code == "CT" && encounter?.display == "Tomography")
        let appointment = try accepted(resource("Appointment", [("appointmentType", Self.concept)])).facts
        #expect(appointment?.code == "1")
        let imaging = try accepted(
            resource("ImagingStudy", [("modality", [["code": "MR"]]), ("description", "Left knee")])
        ).facts
        #expect(imaging?.code == "MR" && imaging?.display == "Left knee")
        let plan = try accepted(resource("CarePlan", [("title", "Mine"), ("category", [Self.concept])])).facts
        #expect(plan?.code == "1" && plan?.display == "Mine")
        let wrong = try accepted(
            resource([("verificationStatus", ["coding": [["code": "entered-in-error"]]])])
        ).facts
        #expect(wrong?.status == "entered-in-error")
    }

    @Test("a medication is named by a concept, by what is contained, or by the reference's display")
    func medications() throws {
        let contained: JSON = [["resourceType": "Medication", "id": "m", "code": Self.concept]]
        let within = try accepted(
            resource("MedicationRequest", [("contained", contained), ("medicationReference", ["reference": "#m"])])
        ).facts
        #expect(within?.code == "1" && within?.display == "One")
        let named = try accepted(
            resource(
                "MedicationRequest", [("medicationReference", ["reference": "Medication/9", "display": "Aspirin"])])
        ).facts
        #expect(named?.code == nil && named?.display == "Aspirin")
    }

    @Test(
        "what has the wrong type or value is an error at its place",
        arguments: [
            ("code", "asthma", "structure Condition.code"),
            ("code", ["coding": [:]], "structure Condition.code.coding"),
            ("code", ["coding": ["x"]], "structure Condition.code.coding[0]"),
            ("code", ["coding": [["code": 5]]], "structure Condition.code.coding[0].code"),
            ("code", ["text": false], "structure Condition.code.text"),
            ("code", .null, "structure Condition.code"),
            ("clinicalStatus", "active", "structure Condition.clinicalStatus"),
            ("onsetDateTime", 2024, "structure Condition.onsetDateTime"),
            ("onsetDateTime", "2023-02-30", "value Condition.onsetDateTime"),
            ("onsetDateTime", "2024-01-01T10:00:00", "value Condition.onsetDateTime"),
            ("onsetPeriod", ["start": "soon"], "value Condition.onsetPeriod.start"),
            ("contained", "x", "structure Condition.contained"),
        ] as [(String, JSON, String)])
    func wrong(name: String, value: JSON, finding: String) {
        let json = resource(
            subject: ["reference": "#x", "identifier": nhsIdentifier(.string(someNumber))], [(name, value)])
        let submission = read(json)
        #expect(submission.isRefused)
        #expect(submission.findings == ["error \(finding)"])
    }

    @Test("a status that is no text is an error")
    func wrongStatus() {
        #expect(read(resource("Encounter", [("status", 5)])).findings == ["error structure Encounter.status"])
    }

    @Test("a display is cut at a character, a code that is too long is refused")
    func bounds() throws {
        func display(_ text: String) throws -> String? {
            try accepted(resource([("code", ["text": .string(text)])])).facts?.display
        }
        let long = String(repeating: "ë", count: 300)
        #expect(try display(long) == String(repeating: "ë", count: FHIRLimits.displayCharactersMax))
        let family = "👨‍👩‍👧‍👦"
        let kept = try #require(try display(String(repeating: family, count: 300)))
        #expect(kept.utf8.count <= FHIRLimits.displayBytesMax && kept.allSatisfy { String($0) == family })
        #expect(kept.utf8.count + family.utf8.count > FHIRLimits.displayBytesMax)
        #expect(try display("a" + String(repeating: "\u{301}", count: 5_000)) == nil)
        let longest = String(repeating: "1", count: FHIRLimits.codeBytesMax)
        func json(_ code: String) -> JSON { resource([("code", ["coding": [["code": .string(code)]]])]) }
        #expect(try accepted(json(longest)).facts?.code == longest)
        #expect(read(json(longest + "1")).findings == ["error too-long Condition.code.coding[0].code"])
    }
}
