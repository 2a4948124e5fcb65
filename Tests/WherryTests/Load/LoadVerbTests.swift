import Foundation
import LoadTest
import TestSupport
import Testing

@Suite("Load tests: report and compare")
struct LoadVerbTests {
    @Test("every verb explains itself", arguments: [["load"], ["load", "report"], ["load", "compare"]])
    func help(_ verb: [String]) async throws {
        let result = try await WherryProcess(verb + ["--help"]).result()
        #expect(result.status == 0 && result.errors.isEmpty)
        #expect(result.output.contains("USAGE: " + (["wherry"] + verb).joined(separator: " ")))
    }

    @Test(
        "what cannot be understood ends with status 2 and says why on standard error",
        arguments: [
            (["report"], "run"), (["report", "missing"], "missing not found: give the directory of a run"),
            (["report", "."], "holds no result.json"), (["report", "/dev/null"], "is no result of a load test"),
            (["report", "x", "--html", "y", "--json"], "--html and --json"), (["compare", "one"], "b"),
            (["compare", "one", "two"], "one not found"), (["compare", "a", "b", "--tolerance", "-1"], "--tolerance"),
            (["compare", "a", "b", "--tolerance", "much"], "--tolerance"),
        ])
    func refused(_ arguments: [String], _ word: String) async throws {
        let result = try await WherryProcess(["load"] + arguments).result()
        #expect(result.status == 2 && result.output.isEmpty)
        #expect(result.errors.contains(word), "\(result.errors)")
    }

    @Test("a report is lines for programs, JSON as it was written, or the page")
    func report() async throws {
        let directory = try TemporaryDirectory()
        let path = try LoadResults.write(LoadResults.result(), "run", in: directory)
        let lines = try await WherryProcess.run("load", "report", path)
        #expect(lines.status == 0 && lines.errors.isEmpty)
        #expect(lines.output.contains("rate\tlookups\t50\t50\t100 %\t3000\n"))
        #expect(lines.output.contains("criterion\tlookup.p99 <= 5.50 ms\t5 ms\tmet\nverdict\tpassed\n"))
        let json = try await WherryProcess.run("load", "report", "\(path)/result.json", "--json")
        #expect(json.status == 0)
        #expect(json.output == (try String(contentsOfFile: "\(path)/result.json", encoding: .utf8)) + "\n")
        let page = directory.file("other.html")
        let html = try await WherryProcess.run("load", "report", path, "--html", page)
        #expect(html.status == 0 && html.output.isEmpty)
        #expect(try String(contentsOfFile: page, encoding: .utf8).contains("<title>Load test sample: passed</title>"))
        let nowhere = try await WherryProcess.run("load", "report", path, "--html", directory.file("no/such.html"))
        #expect(nowhere.status == 1 && nowhere.errors.contains("no/such.html cannot be written to"))
    }

    @Test("a report of a run that did not pass is a report")
    func failedRun() async throws {
        let directory = try TemporaryDirectory()
        let path = try LoadResults.write(LoadResults.result(passed: false), "run", in: directory)
        let result = try await WherryProcess.run("load", "report", path)
        #expect(result.status == 0 && result.output.contains("verdict\tnot passed\nremark\tlookup.p99 was too large\n"))
    }

    @Test("compare ends with status 1 only where the second run is worse")
    func compare() async throws {
        let directory = try TemporaryDirectory()
        let fast = try LoadResults.write(LoadResults.result(lookupP99: 5), "fast", in: directory)
        let slow = try LoadResults.write(LoadResults.result(lookupP99: 9), "slow", in: directory)
        let worse = try await WherryProcess.run("load", "compare", fast, slow)
        #expect(worse.status == 1 && worse.errors.isEmpty)
        #expect(worse.output.contains("figure\tlookup.p99\t5 ms\t9 ms\t1.80\tworse\n"))
        #expect(worse.output.contains("verdict\tworse\tThe second run is worse: "))
        let better = try await WherryProcess.run("load", "compare", slow, fast)
        #expect(better.status == 0 && better.output.contains("verdict\tbetter\t"))
        let same = try await WherryProcess.run("load", "compare", fast, slow, "--tolerance", "100")
        #expect(same.status == 0 && same.output.contains("verdict\tsame\t"))
    }

    @Test("compare as JSON has both runs, every figure, and null for what is not known")
    func compareJSON() async throws {
        let directory = try TemporaryDirectory()
        let first = try LoadResults.write(LoadResults.result(), "first", in: directory)
        let second = try LoadResults.write(LoadResults.result(lookupP99: 9), "second", in: directory)
        let result = try await WherryProcess.run("load", "compare", first, second, "--json", "--tolerance", "20")
        #expect(result.status == 1)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect(
            Set(json.keys) == ["verdict", "sentence", "tolerancePercent", "a", "b", "warnings", "figures"])
        #expect(json["verdict"] as? String == "worse" && json["tolerancePercent"] as? Double == 20)
        let figures = try #require(json["figures"] as? [[String: Any]])
        let lookup = try #require(figures.first { $0["figure"] as? String == "lookup.p99" })
        #expect(lookup["a"] as? Double == 5 && lookup["b"] as? Double == 9 && lookup["unit"] as? String == "ms")
        let lost = try #require(figures.first { $0["figure"] as? String == "lost" })
        #expect(lost["ratio"] is NSNull && lost["verdict"] as? String == "same")
        let run = try #require(json["a"] as? [String: Any])
        #expect(run["profile"] as? String == "sample" && run["commit"] is NSNull)
    }

    @Test("different loads are not compared")
    func different() async throws {
        let directory = try TemporaryDirectory()
        var other = LoadResults.result()
        other.profile = "other"
        other.latencies = [:]
        let first = try LoadResults.write(LoadResults.result(), "first", in: directory)
        let second = try LoadResults.write(other, "second", in: directory)
        let result = try await WherryProcess.run("load", "compare", first, second)
        #expect(result.status == 2 && result.output.isEmpty)
        #expect(result.errors.contains("sample and other are different loads"))
    }
}
