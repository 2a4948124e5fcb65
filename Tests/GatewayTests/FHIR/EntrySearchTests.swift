import CareRecord
import Testing

@Suite("FHIR search by type") struct EntrySearchTests {
    private static func ids(_ answer: RunningGateway.Answer) -> [String] {
        (answer.json["entry"]?.elements ?? []).filter { $0["search"]?["mode"] == "match" }
            .compactMap { $0["resource"]?["id"]?.text }
    }

    private static func issues(_ answer: RunningGateway.Answer) -> [JSON] {
        (answer.json["entry"]?.elements ?? []).filter { $0["search"]?["mode"] == "outcome" }
            .flatMap { $0["resource"]?["issue"]?.elements ?? [] }
    }

    private static func fill(_ gateway: RunningGateway) async throws {
        func condition(_ code: String?, _ date: String?) -> Facts {
            Facts(category: .condition, code: code, system: code.map { _ in "urn:s" }, status: "active", date: date)
        }
        try await gateway.indexPatient("homerton", id: "h1")
        try await gateway.index(
            "homerton",
            [
                ("Condition/c1", condition("1", "2020-01-01")), ("Condition/c2", condition("2", "2022-05")),
                ("Condition/c3", condition("2", nil)), ("Condition/c4", condition(nil, "2021")),
                ("Observation/o", Facts(category: .result, code: "1")),
            ])
        try await gateway.index("imperial", [("Condition/b", condition("1", "2023-01-01T10:00:00Z"))])
    }

    @Test(
        "finds a patient's entries of every HIE by any name of the patient, the newest first",
        arguments: [
            "patient=9990000018", "patient=Patient/homerton.h1", "patient=homerton.h1",
            "patient.identifier=https://fhir.nhs.uk/Id/nhs-number%7C9990000018",
            "patient:identifier=urn:wherry:hie:homerton%7Ch1", "patient=999%20000%200018&patient.identifier=9990000018",
        ])
    func patient(query: String) async throws {
        try await RunningGateway.with { gateway async throws in
            try await Self.fill(gateway)
            let answer = try await gateway.ask(.get, "/fhir/Condition?\(query)")
            #expect(
                Self.ids(answer) == ["imperial.b", "homerton.c2", "homerton.c4", "homerton.c1", "homerton.c3"])
            #expect(Self.issues(answer).allSatisfy { $0["severity"] == "warning" })
            let last = answer.json["entry"]?.elements?[3]["resource"]
            #expect(last?["subject"]?["reference"] == "Patient/homerton.h1")
            #expect(last?["identifier"]?.elements?.first?["value"] == "Condition/c1")
        }
    }

    @Test("code and date narrow, and say what they could not tell of") func filters() async throws {
        try await RunningGateway.with { gateway async throws in
            try await Self.fill(gateway)
            func ask(_ query: String) async throws -> RunningGateway.Answer {
                try await gateway.ask(.get, "/fhir/Condition?patient=9990000018&\(query)")
            }
            let coded = try await ask("code=urn:s%7C1")
            #expect(Self.ids(coded) == ["imperial.b", "homerton.c1"])
            #expect(
                Self.issues(coded).last?["diagnostics"]?.text?.hasPrefix("1 entries of homerton have no code") == true)
            #expect(Self.ids(try await ask("code=1,2")).count == 4)
            #expect(Self.ids(try await ask("code=%7C1")) == [])
            let dated = try await ask("date=ge2021&date=lt2022-06")
            #expect(Self.ids(dated) == ["homerton.c2", "homerton.c4"])
            #expect(Self.issues(dated).last?["diagnostics"]?.text?.hasPrefix("1 entries have no date") == true)
            #expect(Self.ids(try await ask("_since=2022-01-01")) == ["imperial.b", "homerton.c2", "homerton.c3"])
        }
    }

    @Test("pages are linked and hold every entry once") func pages() async throws {
        try await RunningGateway.with { gateway async throws in
            try await Self.fill(gateway)
            var path: String? = "/fhir/Condition?patient=9990000018&_count=2"
            var ids: [String] = []
            while let asked = path {
                let answer = try await gateway.ask(.get, asked)
                #expect(answer.json["total"]?.integer == 5)
                ids += Self.ids(answer)
                let next = answer.json["link"]?.elements?.first { $0["relation"] == "next" }?["url"]?.text
                path = next.map { String($0.dropFirst(gateway.url.count)) }
            }
            #expect(ids.count == 5 && Set(ids).count == 5)
        }
    }

    @Test(
        "bad input is refused in words that repeat no patient's data",
        arguments: [
            ("Condition", 400), ("Condition?patient=9990000019", 400), ("Condition?patient=a%20b", 400),
            ("Condition?patient=9990000018&patient.identifier=9990000026", 400),
            ("Condition?patient=9990000018&patient=9990000026", 400),
            ("Condition?patient=Patient/homerton.nobody", 404),
            ("Condition?patient=9990000018&date=2024-99", 400), ("Condition?patient=9990000018&_since=ge2024", 400),
            ("Condition?patient=9990000018&_lastUpdated=ge2024", 400), ("Condition?patient=9990000018&_count=0", 400),
            ("Condition?patient=9990000018&_page=00", 400), ("Condition?patient:missing=true", 400),
            ("Condition?patient=9990000018&category=x", 400), ("Basket?patient=9990000018", 404),
            ("Condition/_search?patient=9990000018", 405), ("Basket/$summary", 404), ("Condition/c/$summary", 404),
        ])
    func refused(path: String, status: Int) async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(.get, "/fhir/\(path)")
            #expect(answer.status == status, "\(answer.text)")
            #expect(answer.json["resourceType"] == "OperationOutcome" && answer.diagnostics.first?.isEmpty == false)
            #expect(!answer.text.contains("99900000"))
        }
    }
}
