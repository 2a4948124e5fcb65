import CareRecord
import Testing

@Suite("Lookups")
struct LookupTests {
    private static let path = "/api/patients/\(Samples.number)"

    private static func fill(_ gateway: RunningGateway) async throws -> RunningGateway.Answer {
        try await gateway.post(
            Samples.bundle(
                "transaction", ("Patient/p1", Samples.patient()),
                ("Condition/c1", Samples.condition("c1", date: "2019-05-06")),
                ("Condition/c2", Samples.condition("c2", date: "2021-05-06")),
                ("Condition/c3", Samples.condition("c3")), ("AllergyIntolerance/a1", Samples.allergy())))
        // Coverage is taken before the entries, so it may be behind them, never ahead.
        return try await gateway.eventually(path) { answer in
            answer.json["entries"]?.elements?.count == 5
                && answer.json["coverage"]?.elements?.first?["state"]?.text == "complete"
        }
    }

    @Test("P4: without any broker the lookup holds the own records, by category and then the newest first")
    func entries() async throws {
        try await RunningGateway.with { gateway async throws in
            let json = try await Self.fill(gateway).json
            #expect(json["nhsNumber"]?.text == Samples.number)
            let resources = json["entries"]?.elements?.compactMap { $0["resource"]?.text }
            #expect(
                resources == ["Patient/p1", "AllergyIntolerance/a1", "Condition/c2", "Condition/c1", "Condition/c3"])
            let allergy = json["entries"]?.elements?[1]
            #expect(allergy?["source"]?.text == "barts" && allergy?["category"]?.text == "allergy")
            #expect(allergy?["code"]?.text == "91936005" && allergy?["system"]?.text == "http://snomed.info/sct")
            #expect(allergy?["display"]?.text == "Allergy to penicillin" && allergy?["status"]?.text == "active")
            #expect(allergy?["date"]?.text == "2020-01-01" && allergy?["seq"]?.integer != nil)
            let demographics = json["demographics"]?.elements?.first
            #expect(demographics?["source"]?.text == "barts" && demographics?["family"]?.text == "Example")
            #expect(demographics?["given"]?.elements == ["Ada"] && demographics?["postalCode"]?.text == "E1 1AA")
        }
    }

    @Test("P3: every HIE of the topology is in the coverage: complete, silent or planned, and why")
    func coverage() async throws {
        try await RunningGateway.with { gateway async throws in
            let coverage = try await Self.fill(gateway).json["coverage"]?.elements ?? []
            #expect(coverage.map { $0["hie"]?.text } == ["barts", "homerton", "imperial"])
            #expect(coverage.map { $0["state"]?.text } == ["complete", "silent", "planned"])
            #expect(coverage[0]["asOf"]?.text?.hasSuffix("Z") == true)
            #expect(coverage[0]["watermark"]?.integer == 5 && coverage[0]["head"]?.integer == 5)
            #expect(coverage[1]["asOf"] == .null && coverage[1]["head"] == .null && coverage[1]["held"]?.integer == 0)
            #expect(coverage[1]["reason"]?.text?.hasPrefix("no pulse") == true)
            #expect(coverage[1]["reason"]?.text?.contains("broker nel") == true)
        }
    }

    @Test("a category filter leaves out the other entries and no coverage")
    func filter() async throws {
        try await RunningGateway.with { gateway async throws in
            _ = try await Self.fill(gateway)
            let json = try await gateway.ask(.get, Self.path + "?category=allergy,medication").json
            #expect(json["entries"]?.elements?.compactMap { $0["category"]?.text } == ["allergy"])
            #expect(json["coverage"]?.elements?.count == 3)
            let unknown = try await gateway.ask(.get, Self.path + "?category=horoscope")
            #expect(unknown.status == 400 && unknown.text.contains("allergy"))
        }
    }

    @Test("spaces in the number are allowed")
    func spaces() async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(.get, "/api/patients/999%20000%200018")
            #expect(answer.status == 200 && answer.json["nhsNumber"]?.text == Samples.number)
        }
    }

    @Test(
        "what is no NHS number is refused and not repeated",
        arguments: ["9990000019", "123", "abcdefghij", "99900000180"])
    func invalid(_ number: String) async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(.get, "/api/patients/\(number)")
            #expect(answer.status == 400)
            #expect(answer.json["error"]?.text != nil && answer.json["detail"]?.text != nil)
            #expect(!answer.text.contains(number))
        }
    }

    @Test("a patient nobody knows is an empty record with its coverage, not an error")
    func unknown() async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(.get, "/api/patients/\(Samples.otherNumber)")
            #expect(answer.status == 200)
            #expect(answer.json["entries"]?.elements == [] && answer.json["demographics"]?.elements == [])
            #expect(answer.json["coverage"]?.elements?.count == 3)
        }
    }

    @Test(
        "a FHIR search finds one Patient a source and warns of every HIE that is not complete",
        arguments: [
            "https://fhir.nhs.uk/Id/nhs-number|", "https://fhir.nhs.uk/Id/nhs-number%7C", "",
        ])
    func search(prefix: String) async throws {
        try await RunningGateway.with { gateway async throws in
            _ = try await Self.fill(gateway)
            let answer = try await gateway.ask(.get, "/fhir/Patient?identifier=\(prefix)\(Samples.number)")
            #expect(answer.status == 200 && answer.header("Content-Type") == "application/fhir+json")
            #expect(answer.json["type"]?.text == "searchset" && answer.json["total"]?.integer == 1)
            let entries = answer.json["entry"]?.elements ?? []
            #expect(entries.map { $0["search"]?["mode"]?.text } == ["match", "outcome"])
            let patient = entries.first?["resource"]
            #expect(patient?["id"]?.text == "barts.p1" && patient?["meta"]?["source"]?.text == "urn:wherry:hie:barts")
            #expect(patient?["identifier"]?.elements?.first?["value"]?.text == Samples.number)
            #expect(patient?["birthDate"]?.text == "1980-02-03")
            let warnings = entries.last?["resource"]?["issue"]?.elements ?? []
            #expect(warnings.map { $0["severity"]?.text } == ["warning", "warning"])
            #expect(warnings.first?["diagnostics"]?.text?.hasPrefix("homerton is silent") == true)
        }
    }

    @Test(
        "a search by anything else is refused and says what is supported",
        arguments: [
            "name=Example", "identifier=urn:other%7C9990000018", "identifier=9990000019", "",
            "identifier=9990000018&identifier=9990000026",
        ])
    func badSearch(query: String) async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(.get, "/fhir/Patient?\(query)")
            #expect(answer.status == 400)
            #expect(answer.json["resourceType"]?.text == "OperationOutcome")
            #expect(!answer.text.contains("9990000019"))
        }
    }
}
