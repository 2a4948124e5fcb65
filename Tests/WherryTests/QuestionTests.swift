import CareRecord
import Foundation
import Gateway
import TestSupport
import Testing

@testable import wherry

@Suite("Questions from practice")
struct QuestionTests {
    private static let records = #"""
        {"resourceType":"Bundle","type":"transaction","entry":[
        {"resource":{"resourceType":"Patient","id":"p1","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number",
        "value":"9990000018"}]},"request":{"method":"PUT","url":"Patient/p1"}},
        {"resource":{"resourceType":"Observation","id":"o1","status":"final","subject":{"reference":"Patient/p1"},
        "code":{"coding":[{"system":"http://loinc.org","code":"34552-0","display":"Echo"}]},
        "effectiveDateTime":"2025-02-01"},"request":{"method":"PUT","url":"Observation/o1"}},
        {"resource":{"resourceType":"Procedure","id":"r1","status":"not-done","subject":{"reference":"Patient/p1"},
        "code":{"text":"Unnamed"}},"request":{"method":"PUT","url":"Procedure/r1"}},
        {"resource":{"resourceType":"ServiceRequest","id":"s1","status":"active","intent":"order",
        "subject":{"reference":"Patient/p1"},"authoredOn":"2026-11-02"},
        "request":{"method":"PUT","url":"ServiceRequest/s1"}},
        {"resource":{"resourceType":"Appointment","id":"a1","status":"booked","start":"2026-11-20T09:00:00Z",
        "participant":[{"actor":{"reference":"Patient/p1"},"status":"accepted"}]},
        "request":{"method":"PUT","url":"Appointment/a1"}}]}
        """#

    /// A worker that has the records, for the duration of `body`.
    private static func withWorker(
        _ body: (_ url: String, _ directory: TemporaryDirectory) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let topology = try Files.write(Files.topology, "topology.yaml", in: directory)
        let worker = try await wherryWorker(topology, directory)
        let ingest = try await WherryProcess.run("ingest", "--to", worker.url, "-", input: records)
        #expect(ingest.status == 0, "\(ingest.errors)")
        let isThere = try await eventually {
            try await WherryProcess.run("lookup", Files.number, "--from", worker.url).output.contains("Appointment/a1")
        }
        #expect(isThere)
        try await body(worker.url, directory)
        let end = try await worker.stop()
        #expect(end.status == 0 && !end.errors.contains(Files.number))
    }

    private static func wherryWorker(
        _ topology: String, _ directory: TemporaryDirectory
    ) async throws -> WorkerProcess {
        try await WorkerProcess.start("barts", topology: topology, data: directory.file("barts"))
    }

    private static func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }

    @Test("P3: results are lines in a pipe and a table for people, with the coverage, found or not")
    func results() async throws {
        try await Self.withWorker { url, _ in
            let all = try await WherryProcess.run("results", Files.number, "--from", url)
            #expect(all.status == 0 && all.errors.isEmpty)
            let lines = Self.lines(all.output)
            #expect(lines.first == "result\t2025-02-01\tEcho\tbarts\tfinal\tObservation/o1")
            #expect(lines.dropFirst().first == "procedure\t\tUnnamed\tbarts\tnot-done\tProcedure/r1")
            #expect(lines.filter { $0.hasPrefix("coverage\t") }.count == 3)

            let coded = try await WherryProcess.run(
                "results", "999 000 0018", "--from", url, "--code", "http://loinc.org|34552-0,1", "--since", "20000d")
            #expect(Self.lines(coded.output).prefix(2).map { $0.prefix(8) } == ["result\t2", "unjudged"])
            let none = try await WherryProcess.run(
                "results", Files.number, "--from", url, "--code", "34552-0", "--since", "2025-03")
            #expect(none.status == 0 && none.output.contains("left-out\t1\tof an earlier date"))
            #expect(none.output.contains("coverage\thomerton\tsilent"))

            let json = try await WherryProcess.run(
                "results", Files.number, "--from", url, "--json", "--code", "34552-0")
            let answer = try JSON.parse(Array(json.output.utf8))
            #expect(answer["results"]?.elements?.count == 1 && answer["unjudged"]?.elements?.count == 1)

            let table = try await WherryProcess(
                ["results", "9990000026", "--from", url], environment: ["WHERRY_TABLES": "1"]
            ).result()
            #expect(table.output.contains("NHS number 999 000 0026") && table.output.contains("None known."))
            #expect(table.output.contains("says nothing about homerton, imperial"))
        }
    }

    private static let list = """
        NHS number;Referral date\r
        999 000 0018;02/11/2026\r
        9990000019;02/11/2026\r
        9990000026;2026-11-02\r

        """

    @Test("the safety net is CSV in a pipe, with its sums beside it, and ends with status 2 where rows were refused")
    func safetyNet() async throws {
        try await Self.withWorker { url, directory in
            let file = try Files.write(Self.list, "week.csv", in: directory)
            let piped = try await WherryProcess.run("safety-net", file, "--from", url)
            #expect(piped.status == 2 && piped.errors.contains("3 rows: 1 appointment given, 1 cannot tell, 1 refused"))
            #expect(piped.errors.contains("homerton is silent: no pulse"))
            var reader = try CSVReader(Array(piped.output.utf8))
            var rows: [[String]] = []
            while let row = reader.next() { rows.append(row.cells) }
            #expect(rows.first == SafetyNetRow.columns && rows.count == 4)
            #expect(rows[1].prefix(10).joined(separator: " ").hasSuffix("booked barts Appointment/a1"))
            #expect(rows[2][10] == "refused" && rows[2][12] == "3" && rows[3][10] == "cannot tell")

            let json = try await WherryProcess.run("safety-net", "-", "--from", url, "--json", input: Self.list)
            let answer = try JSON.parse(Array(json.output.utf8))
            #expect(json.status == 2 && answer["summary"]?["refused"]?.integer == 1)
            #expect(answer["coverage"]?.elements?.count == 3 && answer["rows"]?.elements?.count == 3)

            let out = directory.file("answered.csv")
            let good = "9990000018,2026-11-02\n"
            let written = try await WherryProcess.run("safety-net", "-", "--from", url, "--out", out, input: good)
            #expect(written.status == 0 && written.errors.isEmpty)
            #expect(written.output.contains("summary\t1\tappointment given"))
            #expect(written.output.contains("coverage\tbarts\tcomplete"))
            #expect(try String(contentsOfFile: out, encoding: .utf8).contains("Appointment/a1"))

            let table = try await WherryProcess(
                ["safety-net", file, "--from", url], environment: ["WHERRY_TABLES": "1"]
            ).result()
            #expect(table.output.contains("999 000 0018") && table.output.contains("Summary"))
            #expect(table.output.contains("not complete: homerton (silent), imperial (planned)"))
        }
    }

    @Test("a list that is longer than a part is answered whole and in order")
    func parts() async throws {
        try await Self.withWorker { url, _ in
            let count = 2 * SafetyNetCommand.partRows + 7
            let rows = (1...count).map { $0 % 100 == 0 ? "9990000019,2026-11-02" : "9990000018,2026-11-02" }
            let result = try await WherryProcess.run(
                "safety-net", "-", "--from", url, "--json", input: rows.joined(separator: "\n"))
            let json = try JSON.parse(Array(result.output.utf8))
            #expect(json["rows"]?.elements?.compactMap { $0["line"]?.integer } == (1...Int64(count)).map { $0 })
            #expect(json["summary"]?["appointmentGiven"]?.integer == Int64(count - count / 100))
            #expect(json["coverage"]?.elements?.count == 3)
        }
    }

    @Test("a file that is no list ends with status 2 and says why, before anybody is asked")
    func noList() async throws {
        let directory = try TemporaryDirectory()
        for (text, word) in [("", "no rows"), ("who,date\n", "nhsNumber"), ("nhsNumber,date\n", "no rows")] {
            let file = try Files.write(text, "list.csv", in: directory)
            let result = try await WherryProcess.run("safety-net", file, "--from", "127.0.0.1:1")
            #expect(result.status == 2 && result.errors.contains(word), "\(result.errors)")
        }
        try Data([0x39, 0xE9, 0x0A]).write(to: URL(filePath: directory.file("latin.csv")))
        let latin = try await WherryProcess.run("safety-net", directory.file("latin.csv"), "--from", "127.0.0.1:1")
        #expect(latin.status == 2 && latin.errors.contains("line 1 is not UTF-8"))
        let list = try Files.write(Self.list, "list.csv", in: directory)
        let over = try await WherryProcess.run("safety-net", list, "--from", "127.0.0.1:1", "--out", list)
        #expect(over.status == 2 && over.errors.contains("write over"))
        let unwritable = try await WherryProcess.run(
            "safety-net", list, "--from", "127.0.0.1:1", "--out", directory.file("no/such/x.csv"))
        #expect(unwritable.status == 2 && unwritable.errors.contains("cannot be written"))
    }

    @Test("of every HIE the first answer that it is not complete stays, whatever came with the parts")
    func coverage() throws {
        let list = try ReferralList(Array("9990000018,2026-11-02\n9990000018,2026-11-02\n".utf8), rowsMax: 9)
        let referrals = list.rows.compactMap(\.referral)
        let url = try #require(WorkerURL(argument: "127.0.0.1:1"))
        func part(_ line: Int64, _ barts: JSON, _ homerton: JSON) -> JSON {
            [
                "rows": [["line": .number(String(line)), "verdict": "cannot tell"]],
                "coverage": [["hie": "barts", "state": barts], ["hie": "homerton", "state": homerton]],
            ]
        }
        var answer = SafetyNetAnswer(list)
        try answer.add(part(1, "complete", "silent"), to: referrals[0...0], from: url)
        #expect(throws: CommandFailure.self) {
            try answer.add(part(1, "complete", "complete"), to: referrals[1...1], from: url)
        }
        try answer.add(part(2, "behind", "complete"), to: referrals[1...1], from: url)
        #expect(answer.coverage.map { $0["state"] } == ["behind", "silent"])
        #expect(answer.summary[.cannotTell] == 2)
    }

    @Test(
        "since is a FHIR date or how long ago",
        arguments: [
            ("2024", "2024"), ("2024-03", "2024-03"), ("2024-03-01", "2024-03-01"), ("90d", "2026-08-24"),
            ("18h", "2026-11-21"), ("36h", "2026-11-21"),
        ])
    func since(text: String, date: String) throws {
        let now = try #require(Timestamp(text: "2026-11-22T17:03:05.000Z"))
        #expect(SinceDay(text, now: now)?.date == date)
    }

    @Test(
        "what is neither is refused", arguments: ["", "2024-02-30", "soon", "-1d", "999999d", "2024-03-01T00:00:00Z"])
    func noSince(text: String) {
        #expect(SinceDay(text, now: Timestamp(milliseconds: 0)) == nil)
    }
}
