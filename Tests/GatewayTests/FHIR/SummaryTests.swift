import CareRecord
import Testing

@Suite("FHIR patient summary") struct SummaryTests {
    private static func sections(_ answer: RunningGateway.Answer) -> [JSON] {
        answer.json["entry"]?.elements?.first?["resource"]?["section"]?.elements ?? []
    }

    @Test("an incomplete summary says so first, and is preliminary; required sections are there though empty")
    func incomplete() async throws {
        try await RunningGateway.with { gateway async throws in
            try await gateway.indexPatient("homerton", id: "h1")
            try await gateway.index(
                "homerton", [("Condition/c", Facts(category: .condition, display: "<script>&", status: "resolved"))])
            let answer = try await gateway.ask(.get, "/fhir/Patient/9990000018/$summary")
            let composition = answer.json["entry"]?.elements?.first?["resource"]
            #expect(composition?["status"] == "preliminary" && composition?["resourceType"] == "Composition")
            let sections = Self.sections(answer)
            #expect(
                sections.compactMap { $0["title"]?.text } == [
                    "Completeness", "Problems", "Allergies and intolerances", "Medication", "Past illness",
                ])
            #expect(sections[0]["text"]?["div"]?.text?.contains("<li>homerton is silent") == true)
            #expect(sections[1...3].allSatisfy { $0["emptyReason"] != nil && $0["entry"] == nil })
            #expect(sections[4]["text"]?["div"]?.text?.contains("&lt;script&gt;&amp;") == true)
            #expect(answer.json["entry"]?.elements?.last?["resource"]?["resourceType"] == "OperationOutcome")
        }
    }

    @Test("a complete summary is final and says as of when") func complete() async throws {
        try await RunningGateway.with(topology: RunningGateway.alone) { gateway async throws in
            try await gateway.put("/fhir/Patient/p1", Samples.patient())
            let answer = try await gateway.eventually("/fhir/Patient/p1/$summary") { answer in
                answer.json["entry"]?.elements?.first?["resource"]?["status"] == "final"
            }
            #expect(answer.status == 200)
            #expect(Self.sections(answer).first?["text"]?["div"]?.text?.contains("barts as of 20") == true)
            #expect(!answer.text.contains("OperationOutcome"))
        }
    }

    @Test("what was entered in error is in no section; more entries than a section tells are counted")
    func bounds() async throws {
        try await RunningGateway.with(topology: RunningGateway.alone) { gateway async throws in
            let wrong = #"""
                {"resourceType":"AllergyIntolerance","id":"a","patient":{"reference":"Patient/p1"},\#
                "code":{"text":"Wrong"},"verificationStatus":{"coding":[{"code":"entered-in-error"}]}}
                """#
            let results = (1...520).map { number in
                #"{"resourceType":"Observation","id":"o\#(number)","subject":{"reference":"Patient/p1"}}"#
            }
            let lines = [Samples.patient(), wrong] + results
            try await gateway.post(lines.joined(separator: "\n"), type: "application/fhir+ndjson")
            let answer = try await gateway.eventually("/fhir/Patient/$summary?identifier=9990000018") { answer in
                answer.text.contains("20 older entries")
            }
            #expect(answer.status == 200 && !answer.text.contains("Wrong"))
            let section = Self.sections(answer).first { $0["title"] == "Results" }
            #expect(section?["entry"]?.elements?.count == 500)
            #expect(section?["text"]?["div"]?.text?.contains("20 older entries are left out") == true)
            #expect(answer.json["entry"]?.elements?.first?["resource"]?["status"] == "preliminary")
        }
    }

    @Test("of nobody there is no summary, but the names of those who may know more") func unknown() async throws {
        try await RunningGateway.with { gateway async throws in
            for path in ["9990000018/$summary", "$summary?identifier=9990000018", "nobody/$summary"] {
                let answer = try await gateway.ask(.get, "/fhir/Patient/\(path)")
                #expect(answer.status == 404)
                #expect(answer.diagnostics.contains { $0.hasPrefix("homerton is silent") })
                #expect(!answer.text.contains("9990000018"))
            }
            for path in ["$summary", "9990000019/$summary", "9990000018/$summary?x=1"] {
                #expect(try await gateway.ask(.get, "/fhir/Patient/\(path)").status == 400)
            }
        }
    }
}
