import Testing

@testable import LoadTest

/// Needs `chromium-headless-shell` (Scripts/setup).
@Suite("The page in a browser", .serialized)
struct BrowserTests {
    private static let look = """
        const root = document.documentElement;
        const svgs = [...document.querySelectorAll("figure svg")];
        const lines = [...document.querySelectorAll(".curve polyline")];
        const points = lines.map(line => line.points.numberOfItems);
        const texts = svgs.flatMap(svg => {
          const area = svg.getBoundingClientRect();
          return [...svg.querySelectorAll("text")].filter(text => {
            const box = text.getBoundingClientRect();
            return box.width > 0 && (box.left < area.left - 1 || box.right > area.right + 1);
          });
        });
        return {
          overflow: root.scrollWidth - root.clientWidth, charts: svgs.length, points: Math.max(...points),
          flat: svgs.filter(svg => svg.getBoundingClientRect().height < 50).length,
          bands: document.querySelectorAll(".band").length, cut: texts.length,
          tables: document.querySelectorAll("table").length,
          named: svgs.filter(svg => document.getElementById(svg.getAttribute("aria-labelledby"))).length,
        };
        """

    @Test(
        "charts are there, nothing overflows, nothing complains, and nothing is asked of a network",
        arguments: [400, 1400])
    func shown(width: Int) async throws {
        let browser = try await Browser(
            showing: ReportPage(SampleResult.growth).html, width: width, probe: Self.look)
        let found = browser.findings
        #expect(found["overflow"] == "0", "\(found)")
        // The spectrum, three rates, the backlog, p99 over time, and five of growth.
        #expect(found["charts"] == "11" && found["named"] == "11" && found["flat"] == "0", "\(found)")
        let points = try #require(found["points"].flatMap { Int($0) })
        #expect((100...Plot.pointsMax).contains(points))
        #expect(found["bands"] == "5" && found["cut"] == "0", "\(found)")
        #expect(browser.consoleLines == [] && browser.addresses == [])
    }

    @Test("the pointer is told the values under it")
    func pointed() async throws {
        let probe = """
            const svg = document.querySelector("#spectrum svg");
            const area = svg.getBoundingClientRect();
            const place = { clientX: area.left + area.width / 2, clientY: area.top + 60, bubbles: true };
            svg.dispatchEvent(new PointerEvent("pointermove", place));
            const tip = document.querySelector(".tip")?.innerText ?? "";
            svg.dispatchEvent(new PointerEvent("pointerleave"));
            return { tip: tip.replaceAll("\\n", " | "), left: document.querySelectorAll(".tip").length };
            """
        let browser = try await Browser(showing: ReportPage(SampleResult.result()).html, width: 1400, probe: probe)
        let tip = try #require(browser.findings["tip"])
        #expect(tip.hasPrefix("p9") && tip.contains("lookup ") && tip.contains(" ms"), "\(tip)")
        #expect(browser.findings["left"] == "0" && browser.consoleLines == [])
    }

    @Test("a page that overflows, complains and asks a network would be found out")
    func foundOut() async throws {
        let page = """
            <!DOCTYPE html><html><body><div style="width: 3000px">wide</div><img src="http://wherry.example/a.png">
            <script>nonsense()</script>
            """
        let probe = "return { overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth };"
        let browser = try await Browser(showing: page, width: 1400, probe: probe)
        #expect((browser.findings["overflow"].flatMap { Int($0) } ?? 0) > 1000)
        #expect(browser.consoleLines.count == 1 && browser.addresses.contains("http://wherry.example/a.png"))
    }
}
