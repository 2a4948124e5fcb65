import TestSupport
import Testing

@Suite("Input of the verbs of dead letters") struct DeadLetterInputTests {
    private static func run(_ arguments: [String]) async throws -> WherryProcess.Result {
        try await WherryProcess(
            ["deadletters"] + arguments + ["--from", "127.0.0.1:1"], environment: ["USER": "ada"]
        ).result()
    }

    @Test(
        "what cannot be understood ends with status 2 and says why, before anything is asked",
        arguments: [
            (["list", "--cause", "horoscope"], "unknown-type"), (["list", "--state", "lost"], "parked"),
            (["list", "--source", "NOBODY AT ALL"], "--source"), (["list", "--id", "x"], "--id"),
            (["list", "--older-than", "2"], "--older-than"), (["list", "--limit", "1001"], "--limit"),
            (["list", "--group", "--limit", "3"], "--group"), (["list", "--after", "-1"], "--after"),
            (["show"], "id"), (["show", "x"], "x"), (["show", "0"], "4711"),
            (["show", "5", "--body", "--raw"], "--body"),
            (["plan", "--state", "resolved"], "--state"), (["plan", "--operator", ""], "--operator"),
            (["replay", "12/x", "--reason", "r"], "12/x"), (["replay", "12", "--canary", "-1"], "--canary"),
            (["replay", "12", "--rate", "fast"], "--rate"), (["replay", "12", "--stop-on-failures", "0"], "--stop"),
            (["replay", "12", "--reason", " "], "--reason"), (["replay", "12", "--local", "--to-everybody"], "local"),
            (["cancel", "12"], "--reason"), (["pause"], "plan"), (["resume", "nothing"], "nothing"),
            (["report", "12", "--format", "pdf"], "pdf"), (["report", "12", "--format", "html", "--json"], "--json"),
            (["report", "12", "--force"], "--out"), (["edit", "5"], "--reason"),
            (["edit", "5", "--reason", "r", "--set-header", "x"], "name=value"),
            (["edit", "5", "--reason", "r", "--set-header", "x=1", "--remove-header", "x"], "both"),
            (["edit", "5", "--reason", "r", "--type", ""], "--type"), (["edit", "5", "--reason", "r"], "--body-file"),
            (["discard", "--reason", "r", "--yes"], "--state parked"), (["discard", "--id", "1"], "--reason"),
            (["discard", "--reason", "r", "--state", "all"], "parked"),
            (["restore", "--reason", "r"], "--state discarded"),
            (["restore", "--reason", "r", "--state", "parked"], "discarded"),
            (["restore", "--reason", "r", "--id", "1", "--count", "-1"], "--count"), (["export"], "file"),
            (["import"], "file"), (["import", "missing.ndjson"], "missing.ndjson"),
            (["plans", "--limit", "0"], "--limit"),
        ])
    func refused(_ arguments: [String], _ word: String) async throws {
        let result = try await Self.run(arguments)
        #expect(result.status == 2 && result.output.isEmpty)
        #expect(result.errors.contains(word), "\(result.errors)")
    }

    @Test("who does something has to be known") func nobody() async throws {
        let result = try await WherryProcess(
            ["dlq", "pause", "12", "--from", "127.0.0.1:1"], environment: ["USER": ""]
        ).result()
        #expect(result.status == 2 && result.errors.contains("--operator"))
    }

    @Test(
        "a worker that cannot be reached ends with status 1 and says which",
        arguments: [
            ["list"], ["list", "--json"], ["show", "5"], ["plan"], ["plans"], ["replay", "12", "--reason", "r"],
            ["pause", "12"], ["resume", "12"], ["cancel", "12", "--reason", "r"], ["report", "12"],
            ["edit", "5", "--reason", "r", "--type", "x", "--yes"], ["discard", "--id", "1", "--reason", "r", "--yes"],
            ["restore", "--id", "1", "--reason", "r", "--yes"], ["export", "-"],
        ])
    func unreachable(_ verb: [String]) async throws {
        let result = try await Self.run(verb)
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.errors.contains("http://127.0.0.1:1") && result.errors.contains("refused"))
    }
}
