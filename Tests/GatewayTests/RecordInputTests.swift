import CareRecord
import Storage
import Testing
import Worker

/// Each test asks one gateway many times: a gateway a question would take more file descriptors than there are.
@Suite("Bad input of a query", .serialized) struct RecordInputTests {
    private static let path = "/api/patients/\(Samples.number)/record"

    /// Queries, and a word of the advice.
    private static let refused = [
        ("categories=horoscope", "allergy"), ("categories=,", "allergy"), ("categories=allergy,,result", "allergy"),
        ("categories=Allergy", "allergy"), ("deadline=0s", "500ms"), ("deadline=-1s", "500ms"),
        ("deadline=31s", "at most 30s"), ("deadline=999999999h", "at most 30s"), ("deadline=2", "500ms"),
        ("deadline=", "500ms"), ("deadline=horoscope", "500ms"), ("deadline=nans", "500ms"),
        ("deadline=infs", "500ms"), ("deadline=1e400s", "500ms"), ("peerDeadline=0ms", "500ms"),
        ("peerDeadline=horoscope", "500ms"), ("peerDeadline=31s", "at most 30s"), ("limit=0", "1 to 10000"),
        ("limit=-1", "1 to 10000"), ("limit=10001", "1 to 10000"), ("limit=99999999999999999999", "1 to 10000"),
        ("limit=1.5", "1 to 10000"), ("limit=", "1 to 10000"), ("since=horoscope", "2026-11-22"),
        ("since=2026-13-01", "2026-11-22"), ("since=2026-02-30", "2026-11-22"), ("since=", "2026-11-22"),
        ("since=2026-11-22T17:03", "2026-11-22"), ("horoscope=1", "deadline"), ("Deadline=1s", "deadline"),
    ]

    @Test("a parameter that cannot be taken is refused with what would do, and nothing of it is repeated")
    func parameters() async throws {
        try await RunningGateway.with { gateway async throws in
            for (query, advice) in Self.refused {
                for accept in ["application/json", "text/event-stream"] {
                    let answer = try await gateway.ask(.get, "\(Self.path)?\(query)", headers: [("Accept", accept)])
                    #expect(answer.status == 400, "\(query): \(answer.text)")
                    #expect(answer.json["detail"]?.text?.contains(advice) == true, "\(query): \(answer.text)")
                    #expect(!answer.text.contains(Samples.number) && !answer.text.contains("horoscope"))
                }
            }
            #expect(gateway.worker.counters.now.queries == 0)
            #expect(try await gateway.worker.audit.counts() == [:])
        }
    }

    @Test("what is taken: lengths of time, days, moments, lists, and spaces in the number")
    func taken() async throws {
        let queries = [
            "deadline=1ms", "deadline=0.2s&peerDeadline=10s", "since=2026-11-22", "since=2026-11-22T17:03:05.123Z",
            "since=0001-01-01", "limit=1", "limit=10000", "categories=", "categories=allergy,care-plan",
            "categories=allergy%2Ccare-plan",
        ]
        try await RunningGateway.with { gateway async throws in
            for query in queries {
                let query = query.contains("deadline") ? query : query + "&deadline=50ms"
                let answer = try await gateway.ask(.get, "/api/patients/999%20000%200018/record?\(query)")
                #expect(answer.status == 200, "\(query): \(answer.text)")
                #expect(answer.json["nhsNumber"]?.text == Samples.number)
                // Nobody was ever heard of: everybody is asked, and nobody is an empty success.
                #expect(answer.json.answers["homerton"]?["state"]?.text == "skipped")
                #expect(answer.json.answers["homerton"]?["cause"]?.text == "broker")
            }
        }
    }

    @Test("what is no NHS number is refused and not repeated")
    func numbers() async throws {
        try await RunningGateway.with { gateway async throws in
            for number in ["9990000019", "123", "abcdefghij", "%00"] {
                let answer = try await gateway.ask(.get, "/api/patients/\(number)/record")
                #expect(answer.status == 400 && answer.json["detail"]?.text?.isEmpty == false)
                #expect(!answer.text.contains(number))
            }
        }
    }

    @Test("who asks is said in one line of bounded length, in any script")
    func requester() async throws {
        try await RunningGateway.with { gateway async throws in
            for name in ["Wherry-Person", "Wherry-Role", "Wherry-Organisation", "Wherry-Purpose"] {
                for text in [String(repeating: "x", count: 201), "", "tab\there"] {
                    let answer = try await gateway.ask(.get, Self.path + "?deadline=20ms", headers: [(name, text)])
                    #expect(answer.status == 400 && answer.json["detail"]?.text?.contains(name) == true)
                    #expect(!answer.text.contains("xxx") && !answer.text.contains(Samples.number))
                }
                for text in [String(repeating: "x", count: 200), "Zoë Ångström", "ж"] {
                    let answer = try await gateway.ask(.get, Self.path + "?deadline=20ms", headers: [(name, text)])
                    #expect(answer.status == 200, "\(answer.text)")
                }
            }
        }
    }

    @Test("a method that is not GET is refused")
    func methods() async throws {
        try await RunningGateway.with { gateway async throws in
            for verb in [RunningGateway.Verb.post, .put, .delete, .patch] {
                let answer = try await gateway.ask(verb, Self.path)
                #expect(answer.status == 405 && answer.header("Allow") == "GET")
            }
        }
    }
}
