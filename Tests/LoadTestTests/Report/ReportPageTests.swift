import Testing

@testable import LoadTest

@Suite("The page of a load test")
struct ReportPageTests {
    private static let page = ReportPage(SampleResult.growth).html

    @Test("nothing of it comes from elsewhere")
    func selfContained() {
        for word in ["http://", "https://", "src=", "@import", "url(", "<link rel=\"style"] {
            let places = Self.page.replacing("http://www.w3.org/2000/svg", with: "")
            #expect(!places.contains(word), "\(word)")
        }
        #expect(Self.page.contains("default-src 'none'"))
    }

    @Test("text of a result stays text")
    func escaped() {
        var result = SampleResult.growth
        let evil = "</script><script>alert(1)</script>"
        result.profile = evil
        result.remarks = [evil]
        result.environment.versions[evil] = evil
        result.faults[0].kind = evil
        result.peers[0].hie = evil
        result.ratios[0].about = evil
        result.samples[0].rates[evil] = 1
        result.criteria[0].figure = evil
        let page = ReportPage(result).html
        #expect(!page.contains("<script>alert") && page.contains("&lt;script&gt;alert(1)"))
    }

    @Test("the verdict comes first, and every table has a caption")
    func order() throws {
        let verdict = try #require(Self.page.firstRange(of: "Passed"))
        let accounting = try #require(Self.page.firstRange(of: "id=\"accounting\""))
        let spectrum = try #require(Self.page.firstRange(of: "id=\"spectrum\""))
        #expect(verdict.lowerBound < accounting.lowerBound && accounting.lowerBound < spectrum.lowerBound)
        #expect(Self.page.ranges(of: "<table>").count == Self.page.ranges(of: "<caption>").count)
    }

    @Test("a day's page is hardly larger than one of five minutes")
    func size() {
        let short = ReportPage(SampleResult.result(seconds: 600)).html.utf8.count
        let day = ReportPage(SampleResult.result(seconds: 86_400)).html.utf8.count
        #expect(day < short * 2 && day < 500_000)
    }

    @Test("a result with nothing in it is a page as well")
    func empty() {
        var result = SampleResult.result()
        let environment = result.environment
        result = LoadResult(profile: LoadProfile(name: "n", about: "a"), startedAt: "", environment: environment)
        let page = ReportPage(result).html
        #expect(page.contains("Failed") && page.hasSuffix("</html>\n") && !page.contains("<svg"))
    }

    @Test("values that are no numbers or far too large trap nowhere")
    func extremes() {
        var result = SampleResult.growth
        result.durationSeconds = -1e308
        result.samples[1].at = 1e300
        result.samples[2].backlog = ["barts": .max, "croydon": .max]
        result.samples[3].p99 = ["lookup": .nan, "query": -1]
        result.faults[0].until = .infinity
        result.processes[0].cpuSeconds = .nan
        result.growth[0].entries = .min
        result.accounting.attempted = .max
        result.latencies["lookup"]?.corrected.count = .min
        result.latencies["query"]?.recorded = [.init(microseconds: .max, count: .max)]
        #expect(ReportPage(result).html.hasSuffix("</html>\n"))
    }
}
