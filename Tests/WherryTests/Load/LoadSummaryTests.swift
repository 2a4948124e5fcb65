import LoadTest
import Testing

@testable import wherry

@Suite("The summary of a load test")
struct LoadSummaryTests {
    private static func text(_ result: LoadResult, isInteractive: Bool = true) -> String {
        let look = Screen.Look(isInteractive: isInteractive, hasColour: false, widthMax: 160)
        return LoadSummary(result: result, directory: "out").screen(look).text
    }

    @Test("people see tables, the verdict, why not, and where the page is")
    func people() {
        let text = Self.text(LoadResults.result(passed: false))
        for words in [
            "sample: Some load.", "Rates, a second", "Latencies in ms", "kill-worker", "not at all", "lost", "not met",
            "not passed\n  lookup.p99 was too large", "results: out/report.html",
        ] { #expect(text.contains(words), "\(words)") }
        #expect(!text.contains("Growth") && !text.contains("HIEs"))
    }

    @Test("programs see a line a row, with its kind first")
    func programs() {
        let lines = Self.text(LoadResults.result(), isInteractive: false).split(separator: "\n")
        let kinds = lines.map { $0.prefix { $0 != "\t" } }
        #expect(Set(kinds) == ["rate", "latency", "fault", "accounting", "criterion", "verdict", "results"])
        #expect(lines.contains("latency\tlookup\t1\t0\t5\t0\t0\t0\t5\t100000"))
    }

    @Test("a growing index has its table")
    func growth() {
        var result = LoadResults.result()
        result.growth = [LoadResult.GrowthResult(entries: 10_000)]
        #expect(Self.text(result).contains("Growth") && Self.text(result).contains("10000"))
    }
}
