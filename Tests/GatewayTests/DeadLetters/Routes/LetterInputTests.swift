import AsyncHTTPClient
import CareRecord
import Gateway
import NIOCore
import Testing

/// Paths of dead letters at a worker that has none.
@Suite("Dead letters: what is asked wrongly")
struct LetterInputTests {
    private static let act = #"{"by":"A. Operator","reason":"r","selection":{},"count":0}"#

    @Test("without letters every list is empty, and nothing is wrong")
    func empty() async throws {
        try await RunningGateway.with { gateway async throws in
            let list = try await gateway.ask(.get, "/api/deadletters")
            #expect(list.status == 200)
            #expect(list.json == ["total": 0, "groups": [], "deadLetters": [], "next": .null])
            let export = try await gateway.ask(.get, "/api/deadletters/export?state=all")
            #expect(export.status == 200 && export.body.isEmpty)
            #expect(export.header("Content-Type") == "application/x-ndjson")
            #expect(export.header("Content-Disposition")?.contains("deadletters-barts.ndjson") == true)
            #expect(try await gateway.ask(.get, "/api/deadletters/plans").json == ["plans": []])
            #expect(try await gateway.act("/discard", Self.act).json == ["discarded": 0])
            #expect(try await gateway.act("/restore", Self.act).json == ["restored": 0])
            let peers = try await gateway.ask(.get, "/api/peers").json
            #expect(peers["deadLetters"] == ["parked": 0, "oldest": .null, "causes": []])
            let patient = try await gateway.ask(.get, "/api/patients/\(Samples.number)").json
            #expect(patient["coverage"]?.elements?.allSatisfy { $0["heldOfPatient"] == nil } == true)
        }
    }

    @Test(
        "a question that cannot be meant is refused with what there is",
        arguments: [
            ("?colour=red", 400, "there are state, cause"),
            ("?limit=1001", 400, "limit is a whole number from 0 to 1000"),
            ("?limit=-1", 400, "limit is"), ("?after=x", 400, "after is a whole number"),
            ("?cause=x", 400, "there are"),
            ("?source=nowhere", 400, "there are barts, homerton, imperial, unknown"),
            ("/export?limit=5", 400, "not known as a parameter: limit"), ("/plans?limit=1001", 400, "limit is"),
            ("/plans?state=running", 400, "there are limit"), ("/0", 404, "called by its number"),
            ("/x", 404, "called by its number"), ("/7", 404, ""), ("/7?body=no", 400, "there are none"),
            ("/plans/7", 404, ""), ("/plans/x", 404, "such as 12-3f9ab2c4"), ("/plans/7/letters", 404, ""),
            ("/plans/7/letters?limit=0", 400, "limit is a whole number from 1"), ("/plans/7/report", 404, ""),
            ("/plans/7/report?format=pdf", 400, "there are json, text, html"),
            ("/plans/7/report?form=text", 400, "there are format"), ("/plans/7/x", 404, ""),
        ])
    func question(_ path: String, _ status: Int, _ words: String) async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(.get, RunningGateway.letters + path)
            #expect(answer.status == status && answer.json["error"]?.text?.isEmpty == false)
            #expect(answer.json["detail"]?.text?.contains(words) == true, "\(answer.text)")
        }
    }

    @Test(
        "an act that cannot be meant is refused, and nothing is done",
        arguments: [
            ("/discard", "", 400, "the body is not JSON"), ("/discard", "[]", 400, "send an object"),
            ("/discard", #"{"reason":"r","selection":{},"count":0}"#, 400, "by is missing"),
            ("/discard", #"{"by":"A","selection":{},"count":0}"#, 400, "reason is missing"),
            ("/discard", #"{"by":"A","reason":"r","count":0}"#, 400, "selection is an object"),
            ("/discard", #"{"by":"A","reason":"r","selection":{}}"#, 400, "count is missing"),
            ("/discard", #"{"by":"A","reason":"r","selection":{"state":"all"},"count":0}"#, 400, "that are parked"),
            (
                "/restore", #"{"by":"A","reason":"r","selection":{"state":"parked"},"count":0}"#, 400,
                "that are discarded"
            ),
            ("/discard", #"{"by":"A","reason":"r","selection":{},"count":3}"#, 409, ""),
            (
                "/discard", #"{"by":"A","reason":"r","selection":{"source":"nowhere"},"count":0}"#, 400,
                "there are barts"
            ),
            ("/7/edit", #"{"by":"A","reason":"r"}"#, 400, "nothing is to be changed"),
            ("/7/edit", #"{"by":"A","reason":"r","body":"x"}"#, 404, ""),
            ("/plans", #"{"by":"A","selection":{}}"#, 409, ""),
            ("/plans", #"{"by":"A","selection":{},"reason":"r"}"#, 400, "there are by, selection"),
            ("/plans/7/replay", #"{"by":"A","reason":"r","to":"nobody"}"#, 400, "subscriber, everybody, local"),
            ("/plans/7/replay", #"{"by":"A","reason":"r","to":"local"}"#, 404, ""),
            ("/plans/7/pause", #"{}"#, 400, "by is missing"), ("/plans/7/pause", #"{"by":"A"}"#, 404, ""),
            ("/plans/7/resume", #"{"by":"A","reason":"again"}"#, 404, ""),
            ("/plans/7/cancel", #"{"by":"A"}"#, 400, "reason is missing"),
            ("/plans/7/cancel", #"{"by":"A","reason":"r"}"#, 404, ""),
        ])
    func act(_ path: String, _ body: String, _ status: Int, _ words: String) async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.act(path, body)
            #expect(answer.status == status, "\(answer.text)")
            #expect(answer.json["detail"]?.text?.contains(words) == true, "\(answer.text)")
            if status == 409 { #expect(["count", "conflict"].contains(answer.json["error"]?.text)) }
        }
    }

    @Test("what is not JSON by its own word, and methods that are not there, are refused")
    func wrongWay() async throws {
        try await RunningGateway.with { gateway async throws in
            let form = try await gateway.ask(
                .post, "/api/deadletters/discard", type: "application/x-www-form-urlencoded",
                body: .bytes(ByteBuffer(string: Self.act)))
            #expect(form.status == 415)
            #expect(try await gateway.ask(.delete, "/api/deadletters/7").header("Allow") == "GET")
            #expect(try await gateway.ask(.get, "/api/deadletters/7/edit").header("Allow") == "POST")
            #expect(try await gateway.ask(.put, "/api/deadletters/plans").header("Allow") == "GET, POST")
            #expect(try await gateway.ask(.get, "/api/deadletters/import").status == 405)
            #expect(try await gateway.ask(.head, "/api/deadletters").body.isEmpty)
        }
    }

    @Test("an import says who does it, and is not larger than a worker takes")
    func importing() async throws {
        var settings = GatewaySettings()
        settings.importBytesMax = 1 << 20
        try await RunningGateway.with(settings) { gateway async throws in
            func send(_ text: String, by: String?, type: String = "application/x-ndjson") async throws
                -> RunningGateway.Answer
            {
                try await gateway.ask(
                    .post, "/api/deadletters/import", type: type, headers: by.map { [("Wherry-Person", $0)] } ?? [],
                    body: .bytes(ByteBuffer(string: text)))
            }
            #expect(try await send("", by: nil).json["detail"]?.text?.contains("Wherry-Person") == true)
            #expect(try await send("", by: "A", type: "text/csv").status == 415)
            let large = try await send(String(repeating: "x", count: (1 << 20) + 1), by: "A. Operator")
            #expect(large.status == 413 && large.json["detail"]?.text?.contains("split the file") == true)
            let none = try await send("", by: "A. Operator")
            #expect(none.json == ["imported": 0, "known": 0, "refused": [], "refusedCount": 0])
        }
    }

    @Test("each metric that an alarm asks for is one that a worker tells")
    func alarms() async throws {
        let rules = try await AlertRules.read().rules
        try await RunningGateway.with { gateway async throws in
            let text = try await gateway.ask(.get, "/metrics").text
            _ = try ExpositionReader.read(text)
            let told = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
                .compactMap { $0.split(separator: " ").dropFirst(2).first.map(String.init) }
            for rule in rules {
                // Prometheus itself says whether a worker answers.
                #expect(rule.metrics.subtracting(["up"]).isSubset(of: told), "\(rule.name): \(rule.metrics)")
            }
        }
    }
}
