import AsyncHTTPClient
import CareRecord
import Gateway
import Testing
import Worker

@Suite("The safety net over HTTP")
struct SafetyNetRouteTests {
    private static let path = "/api/safety-net"
    private static let header = """
        nhsNumber,referralDate,referral,referralSource,referralReference,appointment,appointmentDate,appointmentStatus,\
        appointmentSource,appointmentReference,verdict,incomplete,line,reason
        """
    /// One HIE: complete once its own changes are indexed.
    private static let alone = """
        name: Test
        regions:
          - id: nel
            name: North East London
            partnership: Test record
            broker:
              addresses: ["amqp://127.0.0.1:1"]
            hies:
              - {id: barts, name: Barts, status: connected, sites: [{name: One, service: acute}]}
        """

    private static func appointment(_ id: String, status: String, start: String) -> String {
        #"""
        {"resourceType":"Appointment","id":"\#(id)","status":"\#(status)","start":"\#(start)",\#
        "participant":[{"actor":{"reference":"Patient/p1"},"status":"accepted"}]}
        """#
    }

    private static let referral = #"""
        {"resourceType":"ServiceRequest","id":"s1","status":"active","intent":"order","authoredOn":"2026-11-02",\#
        "subject":{"reference":"Patient/p1"}}
        """#

    private static func fill(_ gateway: RunningGateway) async throws {
        try await gateway.post(
            Samples.bundle(
                "transaction", ("Patient/p1", Samples.patient()), ("ServiceRequest/s1", referral),
                ("Appointment/1", appointment("1", status: "cancelled", start: "2026-11-10T09:00:00Z")),
                ("Appointment/2", appointment("2", status: "booked", start: "2026-11-20T09:00:00Z"))))
        _ = try await gateway.eventually("/api/patients/\(Samples.number)") {
            $0.json["entries"]?.elements?.count == 4
                && $0.json["coverage"]?.elements?.first?["state"]?.text == "complete"
        }
    }

    private static func ask(
        _ gateway: RunningGateway, _ body: [UInt8], accept: String? = nil, type: String = "text/csv"
    ) async throws -> RunningGateway.Answer {
        try await gateway.ask(
            .post, path, type: type, headers: accept.map { [("Accept", $0)] } ?? [], body: .bytes(body))
    }

    @Test("P3, P4: each row has its verdict, and every HIE is in the coverage, once")
    func json() async throws {
        try await RunningGateway.with { gateway async throws in
            try await Self.fill(gateway)
            let before = gateway.worker.counters.now.lookups
            let list = """
                NHS number;Date
                999 000 0018;02/11/2026
                9990000018;2026-11-21
                9990000026;2026-11-02
                9990000019;2026-11-02
                """
            let answer = try await Self.ask(gateway, Array(list.utf8), type: "text/csv; charset=UTF-8")
            #expect(answer.status == 200 && answer.header("Content-Type") == "application/json")
            let rows = (answer.json["rows"]?.elements ?? []).compactMap { SafetyNetRow($0) }
            #expect(rows.map(\.verdict) == [.given, .cannotTell, .cannotTell, .refused])
            #expect(rows.map(\.line) == [2, 3, 4, 5])
            #expect(rows.map { $0[.referral] } == ["known", "unknown", "unknown", ""])
            #expect(rows.map { $0[.appointmentReference] } == ["Appointment/2", "", "", ""])
            #expect(rows[0][.nhsNumber] == Samples.number && rows[0][.referralDate] == "2026-11-02")
            #expect(rows[0].incomplete == ["homerton", "imperial"])
            #expect(answer.json["summary"]?["rows"]?.integer == 4)
            #expect(answer.json["summary"]?["refused"]?.integer == 1)
            #expect(answer.json["coverage"]?.elements?.map { $0["state"]?.text } == ["complete", "silent", "planned"])
            #expect(gateway.worker.counters.now.lookups == before + 3)
            let metrics = try await gateway.ask(.get, "/metrics").text
            #expect(metrics.contains("wherry_safety_net_duration_seconds_count 1"))
        }
    }

    @Test("as CSV it has the same rows, harmless in a spreadsheet, and its header sums up and tells the coverage")
    func csv() async throws {
        try await RunningGateway.with { gateway async throws in
            try await Self.fill(gateway)
            let list = Array("9990000018,2026-11-02\n=1+1,@x\n9990000026,2026-11-02\n".utf8)
            let answer = try await Self.ask(gateway, list, accept: "text/csv")
            #expect(answer.header("Content-Type")?.hasPrefix("text/csv") == true)
            let lines = answer.text.split(separator: "\r\n")
            #expect(lines.count == 4 && lines[0] == Self.header)
            #expect(
                lines[1] == """
                    9990000018,2026-11-02,known,barts,ServiceRequest/s1,given,2026-11-20T09:00:00Z,booked,barts,\
                    Appointment/2,appointment given,homerton imperial,1,
                    """)
            #expect(lines[2].hasPrefix("'=1+1,'@x,,") && lines[2].contains(",refused,,2,"))
            #expect(lines[3].contains(",unknown,,,unknown,,,,,cannot tell,homerton imperial,3,"))
            #expect(answer.summary["rows"] == 3 && answer.summary["refused"] == 1)
            #expect(answer.header("Wherry-Coverage") == "barts=complete, homerton=silent, imperial=planned")
        }
    }

    @Test("that no appointment is known is said only while every HIE is complete and shares its appointments")
    func notKnown() async throws {
        let list = Array("9990000026,2026-11-02\n9990000018,2026-11-21\n".utf8)
        func verdicts(_ topology: String) async throws -> ([String?], String?) {
            let found = Found()
            try await RunningGateway.with(topology: topology) { gateway async throws in
                try await gateway.post(Samples.bundle("transaction", ("Patient/p1", Samples.patient())))
                _ = try await gateway.eventually("/api/patients/\(Samples.number)") {
                    $0.json["coverage"]?.elements?.first?["watermark"]?.integer == 1
                }
                let answer = try await Self.ask(gateway, list)
                let csv = try await Self.ask(gateway, list, accept: "text/csv")
                await found.set(
                    answer.json["rows"]?.elements?.map { $0["verdict"]?.text } ?? [], csv.header("Wherry-Coverage"))
            }
            return await (found.verdicts, found.coverage)
        }
        let whole = try await verdicts(Self.alone)
        #expect(whole.0 == ["no appointment known", "no appointment known"] && whole.1 == "barts=complete")
        let withheld = try await verdicts(
            Self.alone.replacing("name: Barts,", with: "name: Barts, shares: {appointment: nothing},"))
        #expect(withheld.0 == ["cannot tell", "cannot tell"])
        #expect(withheld.1 == "barts=complete;withheld=appointment")
    }

    private actor Found {
        var verdicts: [String?] = []
        var coverage: String?

        func set(_ verdicts: [String?], _ coverage: String?) {
            self.verdicts = verdicts
            self.coverage = coverage
        }
    }

    @Test(
        "the form of the answer follows Accept",
        arguments: [
            (nil, "application/json"), ("*/*", "application/json"), ("text/csv", "text/csv"),
            ("text/*", "text/csv"), ("application/json, text/csv", "application/json"),
            ("text/csv, application/json", "text/csv"), ("text/csv;q=0.5, application/json", "application/json"),
            ("application/json;q=0, text/csv;q=0.1", "text/csv"), ("text/html, */*;q=0.1", "application/json"),
        ] as [(String?, String)])
    func accept(accept: String?, type: String) async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await Self.ask(gateway, Array("9990000018,2026-11-02".utf8), accept: accept)
            #expect(answer.status == 200 && answer.header("Content-Type")?.hasPrefix(type) == true)
        }
    }

    @Test("bad input is refused by name, harms nothing, and is not repeated")
    func refused() async throws {
        var settings = GatewaySettings()
        settings.safetyNetRowsMax = 3
        settings.safetyNetBytesMax = 1 << 20
        try await RunningGateway.with(settings) { gateway async throws in
            let row = "9990000019,2026-11-02\n"
            let cases: [(body: [UInt8], status: Int, word: String)] = [
                ([], 400, "no rows"), (Array("nhsNumber,referralDate\r\n".utf8), 400, "no rows"),
                (Array("nhsNumber,when\n".utf8), 400, "referralDate"),
                (Array(row.utf8) + [0xC3, 0x28], 400, "line 2 is not UTF-8"),
                ([0xFF, 0xFE, 0x39, 0x00], 400, "UTF-16"),
                (Array(String(repeating: row, count: 4).utf8), 413, "more than 3 rows"),
                ([UInt8](repeating: 0x20, count: 2 << 20), 413, "1 MiB"),
            ]
            for (body, status, word) in cases {
                let answer = try await Self.ask(gateway, body)
                #expect(answer.status == status && answer.json["error"]?.text != nil, "\(word)")
                #expect(answer.json["detail"]?.text?.contains(word) == true, "\(answer.text)")
                #expect(!answer.text.contains("9990000019"))
            }
            for type in ["application/json", "", "text/csv; charset=iso-8859-1"] {
                #expect(try await Self.ask(gateway, Array(row.utf8), type: type).status == 415)
            }
            #expect(try await Self.ask(gateway, Array(row.utf8), accept: "text/html").status == 406)
            #expect(try await gateway.ask(.get, Self.path).status == 405)
            #expect(try await Self.ask(gateway, Array(String(repeating: row, count: 3).utf8)).status == 200)
        }
    }

    @Test("random bytes are answered or refused, and the worker goes on")
    func randomBytes() async throws {
        try await RunningGateway.with { gateway async throws in
            var random = SplitMix64(seed: 21)
            let seeds = ["9990000018,2026-11-02\n", "\"", ";;;\n", "nhsNumber,date\n", "\r\n", "é"]
            for round in 0..<200 {
                var body = Array((0..<random.below(9)).map { _ in random.pick(seeds) }.joined().utf8)
                for _ in 0..<random.below(4) where !body.isEmpty {
                    body[random.below(body.count)] = UInt8(random.below(256))
                }
                if round % 4 == 0 { body = (0..<random.below(500)).map { _ in UInt8(random.below(256)) } }
                let answer = try await Self.ask(gateway, body, accept: round % 2 == 0 ? "text/csv" : nil)
                #expect(answer.status == 200 || answer.status == 400, "round \(round)")
            }
            #expect(try await gateway.ask(.get, "/livez").status == 200)
        }
    }
}
