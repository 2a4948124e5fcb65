import CareRecord
import Foundation
import TestSupport
import Testing

@testable import wherry

/// The verbs against a server with canned answers: what each asks, sends, prints and ends with.
@Suite("Verbs of dead letters") struct DeadLetterVerbTests {
    private typealias Answer = CannedWorker.Answer

    private static func answer(_ json: JSON, _ status: Int = 200) -> Answer { Answer(json.compactText, status: status) }

    /// Runs `wherry deadletters …` as ada.
    private static func run(
        _ worker: CannedWorker, _ arguments: String..., input: String = "", environment: [String: String] = [:]
    ) async throws -> WherryProcess.Result {
        try await WherryProcess(
            ["deadletters"] + arguments + ["--from", worker.url], input: input,
            environment: ["USER": "ada"].merging(environment) { $1 }
        ).result()
    }

    @Test("list shows the newest letters of a long list, asks for what is selected, and is also called dlq")
    func list() async throws {
        let letters = (1...2500).map { LetterSamples.letter($0) }
        let worker = try CannedWorker { request, _ in
            let after = Int(request.path.split(separator: "after=").dropFirst().first ?? "0") ?? 0
            let page = letters.dropFirst(after).prefix(1000)
            let groups = [LetterSamples.group("schema", 2500)]
            return Self.answer(
                LetterSamples.list(
                    Array(page), total: 2500, groups: groups, next: after + page.count < 2500 ? after + page.count : nil
                ))
        }
        let result = try await WherryProcess.run(
            "dlq", "list", "--cause", "schema", "--older-than", "2h", "--limit", "3", "--from", worker.url)
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        let shown = result.output.split(separator: "\n").filter { $0.hasPrefix("letter\t") }
        #expect(shown.map { $0.split(separator: "\t")[1] } == ["2500", "2499", "2498"])
        #expect(worker.lines.first == "GET /api/deadletters?cause=schema&olderThan=2h&limit=1000")
        #expect(worker.lines.count == 2 && worker.lines.last?.hasSuffix("&limit=1000&after=2497") == true)
        let groups = try await Self.run(worker, "list", "--group")
        #expect(groups.status == 0 && !groups.output.contains("letter\t") && groups.output.contains("group\tschema"))
        #expect(worker.lines.last == "GET /api/deadletters?limit=0")
        let some = try await Self.run(worker, "list", "--after", "10", "--limit", "1000")
        #expect(some.output.contains("letter\t11\t") && worker.lines.last == "GET /api/deadletters?limit=1000&after=10")
    }

    @Test("what is printed with --json is what the worker answered") func json() async throws {
        let text = #"{"total": 0,  "groups":[], "later": 1}"#
        let worker = try CannedWorker { request, _ in Answer(text) }
        for verb in [["list"], ["show", "5"], ["plans"]] {
            let result = try await WherryProcess(["deadletters"] + verb + ["--json", "--from", worker.url]).result()
            #expect(result.status == 0 && result.output == text + "\n")
        }
        #expect(
            worker.lines == ["GET /api/deadletters", "GET /api/deadletters/5", "GET /api/deadletters/plans?limit=20"])
    }

    @Test("an empty list is no error, and says so on standard error in a pipe") func empty() async throws {
        let worker = try CannedWorker { _, _ in Self.answer(LetterSamples.list([])) }
        let result = try await Self.run(worker, "list")
        #expect(result.status == 0 && result.output.isEmpty)
        #expect(result.errors == "no dead letters: nothing waits for you\n")
        let shown = try await WherryProcess.run(
            onTerminal: 80, 24, "deadletters", "list", "--search", "x y", "--from", worker.url)
        #expect(
            shown.status == 0 && shown.output.contains("no dead letters with text x y: nothing waits for you"),
            "\(shown.output)")
        #expect(worker.lines.last == "GET /api/deadletters?search=x%20y&limit=1000")
    }

    @Test("show explains a letter; a body goes into a pipe as it is, and to a terminal without its controls")
    func show() async throws {
        let body = Array("a\u{1B}[2J\r\n".utf8) + [0]
        let worker = try CannedWorker(["GET /api/deadletters/4711": Self.answer(LetterSamples.page(body: body))])
        let result = try await Self.run(worker, "show", "4711")
        #expect(result.status == 0 && result.output.contains("body\ta␛[2J\nbody\t␀\n"), "\(result.output)")
        let raw = try await Self.run(worker, "show", "4711", "--body")
        #expect(Array(raw.output.utf8) == body)
        let shown = try await WherryProcess.run(
            onTerminal: 80, 24, "deadletters", "show", "4711", "--body", "--from", worker.url)
        #expect(shown.output.contains("a␛[2J") && !shown.output.contains("\u{1B}"))
        let missing = try await Self.run(worker, "show", "4712")
        #expect(missing.status == 1 && missing.output.isEmpty && missing.errors.contains("there is no GET"))
    }

    @Test("plan sends the selection and who asks, and ends with the command to replay") func plan() async throws {
        let worker = try CannedWorker(["POST /api/deadletters/plans": Self.answer(LetterSamples.plan("planned"), 201)])
        let result = try await Self.run(worker, "plan", "--source", "barts", "--id", "1,2", "--operator", "Dr Ä")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.hasSuffix("--from \(worker.url) --reason \"…\" --canary 10\n"))
        let sent = worker.request("POST /api/deadletters/plans")
        #expect(sent?.json == ["by": "Dr Ä", "selection": ["source": "barts", "id": "1,2"]])
        #expect(sent?.headers["content-type"] == "application/json")
        let all = try await Self.run(worker, "plan", "--json")
        #expect(all.status == 0 && all.output.hasPrefix(#"{"plan":"12-3f9ab2c4""#))
        #expect(worker.requests.last?.json == ["by": "ada", "selection": .object(JSONObject())])
    }

    @Test(
        "what a worker refuses is told in its words: status 2 for bad input, 1 for a conflict",
        arguments: [(400, 2), (409, 1), (404, 1)])
    func refusals(_ status: Int, _ exit: Int) async throws {
        let worker = try CannedWorker { _, _ in Answer(#"{"error":"x","detail":"nothing is selected"}"#, status: status)
        }
        for verb in [["plan"], ["pause", "12"], ["report", "12"], ["export", "-"], ["list"]] {
            let result = try await WherryProcess(
                ["deadletters"] + verb + ["--from", worker.url], environment: ["USER": "ada"]
            ).result()
            #expect(result.status == exit && result.output.isEmpty)
            #expect(result.errors == "nothing is selected\n")
        }
    }

    @Test("discard counts first, and sends the number that was confirmed") func discard() async throws {
        let list = "GET /api/deadletters?state=parked&cause=schema&limit=0"
        let act = "POST /api/deadletters/discard"
        let worker = try CannedWorker([
            list: Self.answer(LetterSamples.list([], total: 1204, groups: [LetterSamples.group("schema", 1204)])),
            act: Answer(#"{"discarded":1204}"#),
        ])
        let silent = try await Self.run(worker, "discard", "--cause", "schema", "--reason", "r")
        #expect(silent.status == 2 && silent.errors.contains("--yes") && worker.request(act) == nil)
        let wrong = try await Self.run(worker, "discard", "--cause", "schema", "--reason", "r", "--count", "1203")
        #expect(wrong.status == 2 && wrong.errors.contains("1204 letters, not 1203") && worker.request(act) == nil)
        for consent in [["--yes"], ["--count", "1204"]] {
            let done = try await WherryProcess(
                ["deadletters", "discard", "--cause", "schema", "--reason", "a reason", "--from", worker.url] + consent,
                environment: ["USER": "ada"]
            ).result()
            #expect(done.status == 0 && done.output == "discarded\t1204\n", "\(done.errors)")
        }
        #expect(
            worker.request(act)?.json == [
                "by": "ada", "reason": "a reason", "selection": ["state": "parked", "cause": "schema"], "count": 1204,
            ])
        #expect(worker.lines.count { $0 == act } == 2)
    }

    @Test(
        "on a terminal the number is to be typed, and a wrong one does nothing",
        arguments: [("1204", 0), ("1205", 2), ("yes", 2)])
    func typed(_ line: String, _ exit: Int) async throws {
        let act = "POST /api/deadletters/discard"
        let worker = try CannedWorker([
            "GET /api/deadletters?state=parked&id=1&limit=0": Self.answer(
                LetterSamples.list([], total: 1204, groups: [LetterSamples.group("schema", 1204)])),
            act: Answer(#"{"discarded":1204}"#),
        ])
        let result = try await WherryProcess.run(
            onTerminal: 100, 24, "deadletters", "discard", "--id", "1", "--reason", "r", "--from", worker.url,
            input: "\(line)\n", environment: ["USER": "ada"])
        #expect(result.status == exit, "\(result.output)")
        #expect(result.output.contains("type 1204 to discard 1204 letters:") && result.output.contains("By cause"))
        #expect((worker.request(act) != nil) == (exit == 0))
        if exit == 0 { #expect(result.output.contains("wherry deadletters restore --state discarded --id 1")) }
    }

    @Test("letters that have become more meanwhile are told clearly") func counted() async throws {
        let worker = try CannedWorker { request, _ in
            request.method == "GET"
                ? Self.answer(LetterSamples.list([], total: 1204))
                : Answer(#"{"error":"count","detail":"there are 1210 by now"}"#, status: 409)
        }
        let result = try await Self.run(worker, "restore", "--state", "discarded", "--reason", "r", "--yes")
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(
            result.errors == "1204 letters were counted, but there are 1210 by now: look again; nothing was restored\n")
        #expect(worker.requests.last?.json["selection"] == ["state": "discarded"])
    }

    @Test("nothing to discard is no error, and nothing is sent") func nothing() async throws {
        let worker = try CannedWorker { _, _ in Self.answer(LetterSamples.list([])) }
        let result = try await Self.run(worker, "discard", "--id", "9", "--reason", "r", "--yes", "--json")
        #expect(result.status == 0 && result.output == "{\"discarded\":0}\n" && worker.lines.count == 1)
        let counted = try await Self.run(worker, "discard", "--id", "9", "--reason", "r", "--count", "3")
        #expect(counted.status == 2 && worker.lines.count == 2)
    }

    @Test("pause and cancel say who and why") func steering() async throws {
        let path = "/api/deadletters/plans/12-3f9ab2c4"
        let worker = try CannedWorker([
            "POST \(path)/pause": Self.answer(LetterSamples.plan("paused", applied: 9)),
            "POST \(path)/cancel": Self.answer(LetterSamples.plan("cancelled", applied: 9, reason: "enough")),
        ])
        let pause = try await Self.run(worker, "pause", "12-3f9ab2c4")
        #expect(pause.status == 0 && pause.output.hasPrefix("plan\t12-3f9ab2c4\tpaused\t1204"))
        #expect(worker.requests.last?.json == ["by": "ada"])
        let cancel = try await Self.run(worker, "cancel", "12-3f9ab2c4", "--reason", "enough")
        #expect(cancel.status == 0 && cancel.output.contains("cancelled\t1204\tenough"))
        #expect(worker.requests.last?.json == ["by": "ada", "reason": "enough"])
    }
}
