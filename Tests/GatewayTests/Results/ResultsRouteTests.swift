import CareRecord
import Testing
import Worker

@Suite("Results over HTTP")
struct ResultsRouteTests {
    private static let path = "/api/patients/\(Samples.number)/results"

    private static func observation(_ id: String, code: String, system: String, date: String?) -> String {
        let effective = date.map { #","effectiveDateTime":"\#($0)""# } ?? ""
        return #"""
            {"resourceType":"Observation","id":"\#(id)","status":"final","subject":{"reference":"Patient/p1"},\#
            "code":{"coding":[{"system":"\#(system)","code":"\#(code)","display":"Sample"}]}\#(effective)}
            """#
    }

    private static func fill(_ gateway: RunningGateway) async throws {
        try await gateway.post(
            Samples.bundle(
                "transaction", ("Patient/p1", Samples.patient()), ("AllergyIntolerance/a1", Samples.allergy()),
                ("Observation/1", observation("1", code: "8480-6", system: "http://loinc.org", date: "2024-02-01")),
                ("Observation/2", observation("2", code: "8480-6", system: "http://loinc.org", date: "2025-02-01")),
                ("Observation/3", observation("3", code: "271649006", system: "http://snomed.info/sct", date: nil)),
                (
                    "Procedure/4",
                    #"{"resourceType":"Procedure","id":"4","status":"completed","subject":{"reference":"Patient/p1"},"#
                        + #""code":{"text":"Echo"}}"#
                )))
        _ = try await gateway.eventually(path) { $0.json["results"]?.elements?.count == 4 }
    }

    private static func ids(_ json: JSON, _ member: String = "results") -> [String?]? {
        json[member]?.elements?.map { $0["resource"]?.text }
    }

    @Test("P3, P4: without a filter everything that was done, newest first, with the coverage of every HIE")
    func everything() async throws {
        try await RunningGateway.with { gateway async throws in
            try await Self.fill(gateway)
            let json = try await gateway.ask(.get, Self.path).json
            #expect(json["nhsNumber"]?.text == Samples.number && json["codes"]?.elements == [])
            #expect(json["since"] == .null)
            #expect(Self.ids(json) == ["Observation/2", "Observation/1", "Observation/3", "Procedure/4"])
            #expect(json["undated"]?.integer == 2 && Self.ids(json, "unjudged") == [])
            let first = json["results"]?.elements?.first
            #expect(first?["source"]?.text == "barts" && first?["category"]?.text == "result")
            #expect(first?["code"]?.text == "8480-6" && first?["system"]?.text == "http://loinc.org")
            #expect(first?["status"]?.text == "final" && first?["seq"]?.integer != nil)
            let coverage = json["coverage"]?.elements ?? []
            #expect(coverage.map { $0["hie"]?.text } == ["barts", "homerton", "imperial"])
            #expect(coverage.map { $0["state"]?.text } == ["complete", "silent", "planned"])
            #expect(coverage.allSatisfy { $0["withheld"] == nil })
        }
    }

    @Test("codes and a date leave out, say how much, and list what shows no code")
    func filters() async throws {
        try await RunningGateway.with { gateway async throws in
            try await Self.fill(gateway)
            let query = "?code=http%3A%2F%2Floinc.org%7C8480-6,271649006&since=2024-03"
            let json = try await gateway.ask(.get, Self.path + query).json
            #expect(Self.ids(json) == ["Observation/2", "Observation/3"])
            #expect(Self.ids(json, "unjudged") == ["Procedure/4"] && json["undated"]?.integer == 1)
            #expect(json["codes"]?.elements == ["http://loinc.org|8480-6", "271649006"])
            #expect(json["since"]?.text == "2024-03")
            #expect(json["leftOut"]?["earlier"]?.integer == 1 && json["leftOut"]?["otherCode"]?.integer == 0)
            let other = try await gateway.ask(.get, Self.path + "?code=http://snomed.info/sct|8480-6").json
            #expect(Self.ids(other) == [] && other["leftOut"]?["otherCode"]?.integer == 3)
        }
    }

    @Test("a patient nobody knows has no results, and every HIE is in the coverage")
    func unknown() async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(.get, "/api/patients/\(Samples.otherNumber)/results")
            #expect(answer.status == 200 && Self.ids(answer.json) == [])
            #expect(answer.json["coverage"]?.elements?.count == 3)
        }
    }

    @Test("a category that an HIE shares nothing of is named in its coverage, and a pointer is listed apart")
    func shares() async throws {
        let topology = RunningGateway.topology.replacing(
            "{id: barts, name: Barts,", with: "{id: barts, name: Barts, shares: {result: pointer, procedure: nothing},")
        try await RunningGateway.with(topology: topology) { gateway async throws in
            try await gateway.post(
                Samples.bundle(
                    "transaction", ("Patient/p1", Samples.patient()),
                    (
                        "Observation/1",
                        Self.observation("1", code: "8480-6", system: "http://loinc.org", date: "2024-02-01")
                    )))
            let json = try await gateway.eventually(Self.path + "?code=8480-6&since=2025") {
                $0.json["unjudged"]?.elements?.count == 1
            }.json
            #expect(Self.ids(json) == [] && Self.ids(json, "unjudged") == ["Observation/1"])
            #expect(json["coverage"]?.elements?.map { $0["withheld"]?.elements } == [["procedure"], nil, nil])
        }
    }

    @Test(
        "what is no number, no code or no date is refused and says what is",
        arguments: [
            ("/api/patients/9990000019/results", "modulus 11"), (path + "?since=yesterday", "2024-03-01"),
            (path + "?since=2024-02-30", "2024-03-01"), (path + "?since=2024-03-01T00:00:00Z", "2024-03-01"),
            (path + "?since=90d", "2024-03-01"), (path + "?code=%7C", "loinc.org|"),
            (path + "?code=1%FF", "loinc.org|"), (path + "?code=,", "loinc.org|"),
        ])
    func refused(path: String, word: String) async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(.get, path)
            #expect(answer.status == 400 && answer.json["error"]?.text != nil)
            #expect(answer.json["detail"]?.text?.contains(word) == true, "\(answer.text)")
            #expect(!answer.text.contains("9990000019"))
        }
    }

    @Test("it is counted and timed as a lookup, and no other method is served")
    func counted() async throws {
        try await RunningGateway.with { gateway async throws in
            let before = gateway.worker.counters.now.lookups
            try await gateway.ask(.get, Self.path)
            #expect(gateway.worker.counters.now.lookups == before + 1)
            #expect(try await gateway.ask(.get, "/metrics").text.contains("wherry_lookup_duration_seconds_count 1"))
            #expect(try await gateway.ask(.post, Self.path).status == 405)
        }
    }
}
