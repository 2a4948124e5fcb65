import Foundation
import TestSupport
import Testing

@Suite("Verbs")
struct VerbTests {
    @Test(
        "every verb explains itself",
        arguments: [
            [], ["topology"], ["topology", "validate"], ["topology", "plan"], ["topology", "apply"],
            ["topology", "drift"],
            ["topology", "export"], ["topology", "diagram"], ["worker"], ["ingest"], ["lookup"], ["query"],
            ["status"],
            ["population"], ["index"], ["index", "verify"], ["index", "rebuild"], ["simulate"],
            ["results"], ["safety-net"], ["deadletters"], ["deadletters", "list"], ["deadletters", "show"],
            ["deadletters", "plan"], ["deadletters", "plans"], ["deadletters", "replay"], ["deadletters", "pause"],
            ["deadletters", "resume"], ["deadletters", "cancel"], ["deadletters", "report"], ["deadletters", "edit"],
            ["deadletters", "discard"], ["deadletters", "restore"], ["deadletters", "export"],
            ["deadletters", "import"], ["load"], ["load", "run"],
            ["pki"], ["pki", "init"], ["pki", "issue"], ["pki", "renew"], ["pki", "show"],
        ])
    func help(_ verb: [String]) async throws {
        let result = try await WherryProcess(verb + ["--help"]).result()
        #expect(result.status == 0 && result.errors.isEmpty)
        #expect(result.output.contains("USAGE: " + (["wherry"] + verb).joined(separator: " ")))
    }

    @Test("dead letters can be called dlq")
    func alias() async throws {
        let result = try await WherryProcess.run("dlq", "list", "--help")
        #expect(result.status == 0 && result.output.contains("USAGE: wherry deadletters list"))
    }

    @Test("the version is told")
    func version() async throws {
        let result = try await WherryProcess.run("--version")
        #expect(result.status == 0 && result.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    }

    @Test(
        "what cannot be understood ends with status 2 and says why on standard error",
        arguments: [
            (["nonsense"], "nonsense"), (["worker"], "--hie"),
            (["worker", "--hie", "Not An HIE", "--data", "x"], "--hie"),
            (["worker", "--hie", "barts", "--data", "x", "--listen", "8080"], "--listen"),
            (["worker", "--hie", "barts", "--data", "x", "--topology", "missing.yaml"], "missing.yaml"),
            (["worker", "--hie", "barts", "--data", "x", "--pulse-interval", "2"], "--pulse-interval"),
            (["worker", "--hie", "barts", "--data", "x", "--log-level", "loud"], "--log-level"),
            (["worker", "--hie", "barts", "--data", "x", "--breaker-failures", "0"], "--breaker-failures"),
            (["worker", "--hie", "barts", "--data", "x", "--breaker-open", "0s"], "--breaker-open"),
            (["ingest", "--to", "127.0.0.1:1"], "file"), (["ingest", "--to", "ftp://x", "-"], "--to"),
            (["ingest", "--to", "127.0.0.1:1", "missing.json"], "missing.json"),
            (["lookup", "9990000019", "--from", "127.0.0.1:1"], "NHS number"),
            (["lookup", "9990000018", "--from", "127.0.0.1:1", "--category", "horoscope"], "horoscope"),
            (["results", "9990000019", "--from", "127.0.0.1:1"], "NHS number"),
            (["results", "9990000018", "--from", "127.0.0.1:1", "--code", "|"], "--code"),
            (["results", "9990000018", "--from", "127.0.0.1:1", "--since", "soon"], "--since"),
            (["safety-net", "missing.csv", "--from", "127.0.0.1:1"], "missing.csv"), (["safety-net", "-"], "--from"),
            (["query", "9990000019", "--from", "127.0.0.1:1"], "NHS number"), (["query", "9990000018"], "--from"),
            (["query", "9990000018", "--from", "127.0.0.1:1", "--categories", "horoscope"], "horoscope"),
            (["query", "9990000018", "--from", "127.0.0.1:1", "--categories", ","], "allergy"),
            (["query", "9990000018", "--from", "127.0.0.1:1", "--deadline", "0s"], "--deadline"),
            (["query", "9990000018", "--from", "127.0.0.1:1", "--deadline", "31s"], "--deadline"),
            (["query", "9990000018", "--from", "127.0.0.1:1", "--peer-deadline", "-1s"], "--peer-deadline"),
            (["query", "9990000018", "--from", "127.0.0.1:1", "--since", "yesterday"], "--since"),
            (["query", "9990000018", "--from", "127.0.0.1:1", "--limit", "0"], "--limit"),
            (["query", "9990000018", "--from", "127.0.0.1:1", "--person", ""], "--person"),
            (["query", "9990000018", "--from", "127.0.0.1:1", "--json", "--resources"], "--resources"),
            (["status"], "--from"), (["population", "--patients", "3", "--out", "-"], "--hie"),
            (["population", "--patients", "-3", "--out", "x"], "--patients"),
            (["population", "--patients", "3", "--hie", "nobody", "--out", "x"], "nobody"),
            (["simulate", "--seeds", "0"], "--seeds"), (["simulate", "--hies", "1"], "--hies"),
            (["simulate", "--without", "luck"], "luck"), (["index", "verify"], "--from"),
        ])
    func refused(_ arguments: [String], _ word: String) async throws {
        let result = try await WherryProcess(arguments).result()
        #expect(result.status == 2 && result.output.isEmpty)
        #expect(result.errors.contains(word), "\(result.errors)")
        #expect(!result.errors.contains("9990000019"))
    }

    @Test(
        "a worker that cannot be reached ends with status 1 and says which",
        arguments: [
            ["lookup", "9990000018"], ["status"], ["lookup", "9990000018", "--json"], ["index", "verify"],
            ["index", "rebuild"], ["query", "9990000018"], ["query", "9990000018", "--json"],
            ["results", "9990000018"], ["safety-net", "-"],
        ])
    func unreachable(_ verb: [String]) async throws {
        let list = "9990000018,2026-11-02"
        let result = try await WherryProcess(verb + ["--from", "127.0.0.1:1"], input: list).result()
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.errors.contains("http://127.0.0.1:1") && result.errors.contains("refused"))
    }

    @Test("ingest gives up after some attempts when there is no worker")
    func ingestUnreachable() async throws {
        let result = try await WherryProcess.run("ingest", "--to", "127.0.0.1:1", "-", input: Files.bundle())
        #expect(result.status == 1 && result.errors.contains("http://127.0.0.1:1"))
    }

    @Test("the same seed is the same population, of which each HIE has its part")
    func population() async throws {
        let first = try await WherryProcess.run("population", "--patients", "30", "--hie", "barts", "--out", "-")
        let second = try await WherryProcess.run("population", "--patients", "30", "--hie", "barts", "--out", "-")
        let other = try await WherryProcess.run(
            "population", "--patients", "30", "--hie", "barts", "--seed", "2", "--out", "-")
        #expect(first.status == 0 && !first.output.isEmpty && first.output == second.output)
        #expect(first.output != other.output)
        let directory = try TemporaryDirectory()
        let written = try await WherryProcess.run(
            "population", "--patients", "30", "--format", "bundles", "--out", directory.path)
        #expect(written.status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 10)
    }
}
