import CareRecord
import Testing

@Suite("To whom a resource belongs")
struct PatientLinkTests {
    private static let number = NHSNumber(someNumber)

    private func link(_ subject: JSON?) throws -> PatientLink {
        try accepted(resource(subject: subject)).patient
    }

    @Test("a patient belongs to itself and carries its NHS number")
    func patientItself() throws {
        let resource = try accepted(patient())
        #expect(resource.patient == .patient(id: "p1"))
        #expect(resource.nhsNumber == Self.number)
        #expect(read(patient()).outcome.issues.isEmpty)
    }

    @Test(
        "identifiers that are no NHS number in use leave a patient unlinked, with a warning",
        arguments: [
            [], [nhsIdentifier(.string(someNumber), use: "old")], [["system": .string(NHSNumber.system)]],
            [["system": "https://hospital.example/mrn", "value": "9990000019"]], [["value": .string(someNumber)]],
        ] as [[JSON]])
    func unlinkedPatient(identifiers: [JSON]) throws {
        let json = patient(identifiers: identifiers)
        #expect(try accepted(json).nhsNumber == nil)
        #expect(read(json).findings == ["warning incomplete Patient"])
    }

    @Test("a superseded number, and the same number twice or with spaces, do no harm")
    func harmless() throws {
        let identifiers = [
            nhsIdentifier(.string(otherNumber), use: "old"), nhsIdentifier("999 000 0018", use: "official"),
            nhsIdentifier(.string(someNumber)),
        ]
        #expect(try accepted(patient(identifiers: identifiers)).nhsNumber == Self.number)
    }

    @Test(
        "a wrong number, or two, is an error that does not repeat it",
        arguments: [
            ([nhsIdentifier("9990000019")], "error value Patient.identifier[0].value"),
            ([nhsIdentifier("12345")], "error value Patient.identifier[0].value"),
            ([nhsIdentifier(9_990_000_018)], "error structure Patient.identifier[0].value"),
            (
                [nhsIdentifier(.string(someNumber)), nhsIdentifier("9990000019")],
                "error value Patient.identifier[1].value"
            ),
            (
                [nhsIdentifier(.string(someNumber)), nhsIdentifier(.string(otherNumber))],
                "error business-rule Patient.identifier[1]"
            ),
        ] as [([JSON], String)])
    func wrongNumbers(identifiers: [JSON], finding: String) {
        let submission = read(patient(identifiers: identifiers))
        #expect(submission.isRefused)
        #expect(submission.findings.filter { $0.hasPrefix("error") } == [finding])
        #expect(!submission.outcome.description.contains("99900000"))
        #expect(!submission.outcome.description.contains("12345"))
    }

    @Test("a reference to a patient links, by id, by search, by a patient within, by identifier")
    func references() throws {
        #expect(try link(["reference": "Patient/p9"]) == .patient(id: "p9"))
        #expect(try link(["reference": "Patient/p9/_history/3"]) == .patient(id: "p9"))
        let search = "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9990000018"
        let escaped = "Patient?identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9990000018"
        let number = try #require(Self.number)
        #expect(try link(["reference": .string(search)]) == .identified(number))
        #expect(try link(["reference": .string(escaped)]) == .identified(number))
        #expect(try link(["identifier": nhsIdentifier(.string(someNumber))]) == .identified(number))
        let external: JSON = [
            "reference": "https://elsewhere.example/Patient/1", "identifier": nhsIdentifier(.string(someNumber)),
        ]
        #expect(try link(external) == .identified(number))
        let within = resource(subject: ["reference": "#x"], [("contained", [patient(id: "y"), patient(id: "x")])])
        #expect(try accepted(within).patient == .identified(number))
    }

    @Test(
        "what names no patient is stored unlinked, with a warning",
        arguments: [
            nil, [:], ["display": "somebody"], ["reference": "Group/1"], ["reference": "#gone"],
            ["reference": "https://elsewhere.example/Patient/1"], ["reference": "Patient/a/b"],
            ["reference": "Patient?identifier=other|1"], ["identifier": ["system": "x", "value": "1"]],
        ] as [JSON?])
    func unlinked(subject: JSON?) throws {
        #expect(try link(subject) == .none)
        #expect(read(resource(subject: subject)).findings == ["warning incomplete Condition"])
    }

    @Test(
        "a reference that is wrong is an error",
        arguments: [
            ("Patient/p1", "error structure Condition.subject"),
            (["reference": 1], "error structure Condition.subject.reference"),
            ([["reference": "Patient/p1"]], "error structure Condition.subject"),
            (
                ["reference": "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9990000019"],
                "error value Condition.subject.reference"
            ),
            (["identifier": nhsIdentifier("1")], "error value Condition.subject.identifier.value"),
        ] as [(JSON, String)])
    func wrong(subject: JSON, finding: String) {
        let submission = read(resource(subject: subject))
        #expect(submission.isRefused)
        #expect(submission.findings.contains(finding))
    }

    @Test("the patient stands under the member that the type has for it")
    func members() throws {
        let reference: JSON = ["reference": "Patient/p1"]
        let allergy = resource("AllergyIntolerance", subject: nil, [("patient", reference)])
        let coverage = resource("Coverage", subject: nil, [("beneficiary", reference)])
        let task = resource("Task", subject: nil, [("for", reference)])
        let account = resource("Account", subject: [["reference": "Group/1"], reference])
        let appointment = resource(
            "Appointment", subject: nil,
            [("participant", [["actor": ["reference": "Practitioner/1"]], [:], ["actor": reference]])])
        for json in [allergy, coverage, task, account, appointment] {
            #expect(try accepted(json).patient == .patient(id: "p1"))
            #expect(read(json).outcome.issues.isEmpty)
        }
    }
}
