import CareRecord
import Testing

@Suite("FHIR cross-references") struct CrossReferenceTests {
    private static func ask(_ gateway: RunningGateway, _ query: String) async throws -> RunningGateway.Answer {
        try await gateway.ask(.get, "/fhir/Patient/$ihe-pix?\(query)")
    }

    private static func identifiers(_ answer: RunningGateway.Answer) -> [String] {
        (answer.json["parameter"]?.elements ?? []).compactMap { parameter in
            guard parameter["name"] == "targetIdentifier", let identifier = parameter["valueIdentifier"] else {
                return nil
            }
            return "\(identifier["system"]?.text ?? "")|\(identifier["value"]?.text ?? "")"
        }
    }

    @Test("leads from the NHS number to the HIEs' ids and back, and never gives back what it was asked with")
    func bothWays() async throws {
        try await RunningGateway.with { gateway async throws in
            try await gateway.indexPatient("homerton", id: "h1")
            try await gateway.indexPatient("imperial", id: "b1")
            let nhs = "https://fhir.nhs.uk/Id/nhs-number"
            let there = try await Self.ask(gateway, "sourceIdentifier=\(nhs)%7C9990000018")
            #expect(Self.identifiers(there) == ["urn:wherry:hie:homerton|h1", "urn:wherry:hie:imperial|b1"])
            let references = there.json["parameter"]?.elements?.compactMap { $0["valueReference"]?["reference"]?.text }
            #expect(references == ["Patient/homerton.h1", "Patient/imperial.b1"])
            #expect(there.json["parameter"]?.elements?.last?["name"] == "outcome")
            let back = try await Self.ask(gateway, "sourceIdentifier=urn:wherry:hie:homerton%7Ch1")
            #expect(Self.identifiers(back) == ["\(nhs)|9990000018", "urn:wherry:hie:imperial|b1"])
            let one = try await Self.ask(
                gateway, "sourceIdentifier=\(nhs)%7C9990000018&targetSystem=urn:wherry:hie:barts&targetSystem=\(nhs)"
            )
            #expect(one.status == 200 && Self.identifiers(one) == [])
        }
    }

    @Test(
        "fails as the profile says, and names who may know more",
        arguments: [
            ("https://fhir.nhs.uk/Id/nhs-number%7C9990000018", 404, "not-found"),
            ("urn:wherry:hie:homerton%7Cnobody", 404, "not-found"), ("urn:other%7C1", 400, "code-invalid"),
            ("https://fhir.nhs.uk/Id/nhs-number%7C9990000019", 400, "value"), ("9990000018", 400, "required"),
            ("https://fhir.nhs.uk/Id/nhs-number%7C9990000018&targetSystem=urn:other", 403, "code-invalid"),
        ])
    func failures(query: String, status: Int, code: String) async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await Self.ask(gateway, "sourceIdentifier=\(query)")
            #expect(answer.status == status)
            let issues = answer.json["issue"]?.elements ?? []
            #expect(issues.first?["code"]?.text == code && issues.first?["severity"] == "error")
            #expect((status == 404) == issues.contains { $0["severity"] == "warning" })
            #expect(!answer.text.contains("99900000"))
        }
    }
}
