import Testing

@testable import LoadTest

@Suite("Charts")
struct PlotTests {
    @Test("a curve has at most 600 points, of five minutes and of a day", arguments: [0, 1, 300, 600, 601, 86_400])
    func bounded(count: Int) {
        let points = (0..<count).map { Plot.Point(x: Double($0), y: Double($0 % 100)) }
        let worst = Plot.thinned(points, by: .worst)
        #expect(worst.count <= Plot.pointsMax && worst.count == Plot.thinned(points, by: .mean).count)
        #expect(worst.compactMap(\.y).max() == points.compactMap(\.y).max())
        #expect(worst.last?.x == points.last?.x)
        if count <= 600 { #expect(worst == points) }
    }

    @Test("where there is nothing, a gap stays")
    func gaps() {
        let points = (0..<1800).map { Plot.Point(x: Double($0), y: (600..<1200).contains($0) ? nil : 4) }
        let mean = Plot.thinned(points, by: .mean)
        #expect(mean.count == 600 && mean.count { $0.y == nil } == 200)
        #expect(mean.compactMap(\.y).allSatisfy { $0 == 4 })
    }

    @Test(
        "a linear axis ends above its largest value, with few marks",
        arguments: [0, 0.003, 1, 7, 999, 1_234_567, 1e300])
    func linear(max: Double) {
        let scale = PlotScale.linear(upTo: max)
        #expect(scale.lower == 0 && (scale.upper >= max || max > 1e18) && (2...8).contains(scale.ticks.count))
        #expect(scale.position(scale.upper) == 1 && scale.position(0) == 0 && scale.position(.nan) == 0)
    }

    @Test("a logarithmic axis encloses its values in decades")
    func logarithmic() {
        let scale = PlotScale.logarithmic([0.3, 4000], least: 0.01, label: PlotScale.milliseconds)
        #expect(scale.ticks.map(\.label) == ["0.1 ms", "1 ms", "10 ms", "100 ms", "1 s", "10 s"])
        #expect(abs(scale.position(10) - 0.4) < 0.01 && scale.position(0) == 0 && scale.position(1e9) == 1)
        let narrow = PlotScale.logarithmic([10_000, 50_000], least: 1, label: PlotScale.short)
        #expect(narrow.ticks.map(\.label) == ["10k", "20k", "50k"])
        let nothing = PlotScale.logarithmic([], least: 0.01, label: PlotScale.short)
        #expect(nothing.upper > nothing.lower)
    }

    @Test("time is marked in round steps", arguments: [0, 10, 56, 300, 3600, 86_400, 1e12])
    func time(seconds: Double) {
        let scale = PlotScale.time(upTo: seconds)
        #expect((2...8).contains(scale.ticks.count) && scale.ticks.first?.label == "0 s")
    }

    @Test("text from a result stays text in the picture")
    func escaped() {
        let plot = Plot(
            title: "<b>", note: "a & b", x: .time(upTo: 10), y: .linear(upTo: 5), yUnit: "\"", xKind: .time,
            series: [Plot.Series(name: "'<i>'", colour: "c1", points: [.init(x: 1, y: 2), .init(x: 2, y: .infinity)])],
            bands: [Plot.Band(label: "<script>", from: 2, until: 3)])
        let html = plot.figure(id: "p")
        #expect(!html.contains("<b>") && !html.contains("<i>") && !html.contains("<script>"))
        #expect(html.contains("&lt;script&gt;") && html.contains("<circle"))
    }
}
