import CareRecord
import Testing

@Suite("Demographics")
struct DemographicsTests {
    private func demographics(_ members: [(String, JSON)]) throws -> Demographics? {
        var json = patient().object ?? JSONObject()
        for (name, value) in members { json[name] = value }
        let facts = try accepted(.object(json)).facts
        #expect(facts?.category == .demographics && facts?.code == nil && facts?.display == nil && facts?.date == nil)
        return facts?.demographics
    }

    @Test("who the patient is comes from the official name and the home address")
    func whole() throws {
        let found = try demographics([
            (
                "name",
                [
                    ["use": "old", "family": "Before"], ["use": "nickname", "given": ["Z"]],
                    ["use": "official", "family": "O'Neill", "given": ["Zoë", .null, "Ann"]],
                ]
            ),
            ("birthDate", "1980-05"), ("gender", "female"), ("deceasedDateTime", "2024-02-29"),
            (
                "address",
                [["use": "old", "postalCode": "N1"], ["postalCode": "E1"], ["use": "home", "postalCode": "SE13 6LH"]]
            ),
        ])
        #expect(
            found
                == Demographics(
                    family: "O'Neill", given: ["Zoë", "Ann"], birthDate: "1980-05", gender: "female",
                    postalCode: "SE13 6LH", deceased: "2024-02-29"))
    }

    @Test("what is not said is nil, and not being deceased is not said")
    func sparse() throws {
        #expect(try demographics([]) == Demographics())
        #expect(try demographics([("deceasedBoolean", false)]) == Demographics())
        #expect(try demographics([("deceasedBoolean", true)])?.deceased == "true")
        #expect(try demographics([("name", [["text": "Ann Other"]])])?.family == "Ann Other")
    }

    @Test(
        "what is wrong is an error at its place, without its value",
        arguments: [
            ("birthDate", "1980-02-30", "value Patient.birthDate"),
            ("birthDate", "1980-01-01T00:00:00Z", "value Patient.birthDate"),
            ("gender", "Woman", "value Patient.gender"), ("gender", 1, "structure Patient.gender"),
            ("name", ["family": "Secret"], "structure Patient.name"),
            ("name", [["given": "Secret"]], "structure Patient.name[0].given"),
            ("name", [["given": [5]]], "structure Patient.name[0].given[0]"),
            ("address", [5], "structure Patient.address[0]"),
            ("deceasedBoolean", "yes", "structure Patient.deceasedBoolean"),
            ("deceasedDateTime", "yesterday", "value Patient.deceasedDateTime"),
            ("identifier", [["system": 1]], "structure Patient.identifier[0].system"),
        ] as [(String, JSON, String)])
    func wrong(name: String, value: JSON, finding: String) {
        var json = patient().object ?? JSONObject()
        json[name] = value
        let submission = read(.object(json))
        #expect(submission.isRefused)
        #expect(submission.findings.filter { $0.hasPrefix("error") } == ["error \(finding)"])
        #expect(!submission.outcome.description.contains("Secret"))
    }
}
