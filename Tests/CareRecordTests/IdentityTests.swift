import CareRecord
import Testing

@Suite("Ids and references")
struct IdentityTests {
    @Test("a resource keeps its id, or takes that of its fullUrl, or one made from its content")
    func ids() throws {
        func id(_ id: String?, _ fullUrl: String?) throws -> String {
            let submission = read(bundle("collection", [entry(patient(id: id), fullUrl: fullUrl)]))
            return try #require(submission.operations.first).key.id
        }
        let uuid = "8b7b7d9e-07bc-403b-8983-455635e3b63f"
        #expect(try id("own", "urn:uuid:\(uuid)") == "own")
        #expect(try id(nil, "urn:uuid:\(uuid)") == uuid)
        #expect(try id(nil, "https://a.example/fhir/Patient/7") == "7")
        let made = try id(nil, nil)
        #expect(made.utf8.count == 32)
        #expect(try id(nil, "https://a.example/fhir/Group/7") == made)
        #expect(try id(nil, "urn:uuid:") == made)
        #expect(try id(nil, nil) == made)
    }

    @Test("an id made from content differs with the content")
    func contentID() throws {
        let one = try accepted(resource(id: nil, [("onsetDateTime", "2024")]))
        let two = try accepted(resource(id: nil, [("onsetDateTime", "2023")]))
        #expect(one.key != two.key)
        #expect(
            try JSON.parse(one.body).object?.members.map(\.name) == ["resourceType", "id", "subject", "onsetDateTime"])
    }

    @Test("reading the same input again gives the same operations")
    func repeatable() {
        let json = bundle("collection", [entry(patient(id: nil)), entry(resource(id: nil))])
        #expect(read(json).operations == read(json).operations)
    }

    @Test("references to entries become Type/id anywhere in a resource, before or after the entry")
    func resolution() throws {
        let condition = resource(
            id: "c1", subject: ["reference": "urn:uuid:p"],
            [
                ("encounter", ["reference": "https://a.example/fhir/Encounter/e"]),
                ("evidence", [["detail": [["reference": "urn:uuid:o"], ["reference": "Observation/9"]]]]),
                ("contained", [["resourceType": "Basic", "id": "b", "subject": ["reference": "urn:uuid:p"]]]),
                ("note", [["text": "urn:uuid:p"]]), ("asserter", ["reference": "#b"]),
            ])
        let submission = read(
            bundle(
                "transaction",
                [
                    entry(condition, fullUrl: "urn:uuid:c", "POST", "Condition"),
                    entry(patient(id: "p1"), fullUrl: "urn:uuid:p", "POST", "Patient"),
                    entry(resource("Observation", id: nil), fullUrl: "urn:uuid:o", "POST", "Observation"),
                    entry(
                        resource("Encounter", id: "e7"), fullUrl: "https://a.example/fhir/Encounter/e", "POST",
                        "Encounter"),
                ]))
        #expect(!submission.isRefused, "\(submission.outcome)")
        let first = try #require(submission.resources.first)
        #expect(first.patient == .patient(id: "p1"))
        let body = try JSON.parse(first.body)
        #expect(body["encounter"] == ["reference": "Encounter/e7"])
        #expect(body["evidence"] == [["detail": [["reference": "Observation/o"], ["reference": "Observation/9"]]]])
        #expect(body["contained"]?.elements?.first?["subject"] == ["reference": "Patient/p1"])
        #expect(body["note"] == [["text": "urn:uuid:p"]])
        #expect(body["asserter"] == ["reference": "#b"])
    }

    @Test(
        "a urn that names no entry refuses a transaction and is a warning elsewhere",
        arguments: [("transaction", true), ("batch", false), ("collection", false)])
    func unresolved(type: String, isRefused: Bool) throws {
        let condition = resource(id: "c1", [("evidence", [["detail": [["reference": "urn:uuid:gone"]]]])])
        let submission = read(bundle(.string(type), [entry(condition, "POST", "Condition")]))
        #expect(submission.isRefused == isRefused)
        let severity = isRefused ? "error" : "warning"
        #expect(
            submission.findings
                == ["\(severity) not-found Bundle.entry[0].resource.evidence[0].detail[0].reference"])
    }

    @Test("a body is read again to the same resource", arguments: [patient(), resource(), resource("Basic")])
    func stored(json: JSON) throws {
        let resource = try accepted(json)
        #expect(try Resource(body: resource.body) == resource)
    }

    @Test(
        "a body that was not made here is refused",
        arguments: ["", "[]", "{}", "{\"resourceType\":\"Patient\",\"id\":\"?\"}"])
    func foreignBody(text: String) {
        #expect(throws: OperationOutcome.self) { try Resource(body: Array(text.utf8)) }
    }
}
