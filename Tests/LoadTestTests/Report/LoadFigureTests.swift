import Testing

@testable import LoadTest

@Suite("Figures")
struct LoadFigureTests {
    private static let result = SampleResult.growth

    @Test(
        "a figure is what its name says",
        arguments: [
            ("lost", 0), ("held", 0), ("errors", 0), ("unknown", 1), ("duration", 200), ("recovery", 3),
            ("memory.worker", 85), ("lookup.p50", 5), ("lookup.p90", 7), ("lookup.max", 250),
            ("lookup.uncorrected.max", 7.45), ("schedule.mean", 1), ("rate.changes", 99.5),
            ("rate.changes.share", 0.995), ("ratio.http", 0.7), ("growth.ratio", 0.6), ("growth.lookup", 1.4),
            ("growth.memory", 90), ("growth.bytes", 120),
        ] as [(String, Double)])
    func values(name: String, value: Double) throws {
        let figure = try #require(Self.result.figure(name))
        #expect(abs(figure - value) < 1e-9)
    }

    @Test(
        "what was not measured is no figure",
        arguments: ["ratio.amqp", "rate.queries", "rate.applied.share", "nonsense", "lookup", "lookup.p98", ""])
    func nothing(name: String) { #expect(Self.result.figure(name) == nil) }

    @Test("every name is of one figure, which has that name")
    func names() {
        #expect(Set(LoadFigure.allNames).count == LoadFigure.allNames.count)
        for name in LoadFigure.allNames { #expect(LoadFigure(name)?.name == name) }
    }

    @Test("a mesh that did not recover from one fault has no recovery")
    func recovery() {
        var result = SampleResult.result()
        result.faults.append(.init(kind: "a", target: "b", from: 1, until: 2, recoveredAfterSeconds: nil))
        #expect(result.figure("recovery") == nil)
        result.faults = []
        #expect(result.figure("recovery") == nil)
    }

    @Test("a clock that nothing was timed with has no figures, and a result without growth none of growth")
    func empty() {
        var result = SampleResult.result()
        result.latencies["lookup"] = LoadResult.Latency(corrected: .init(), uncorrected: .init())
        #expect(result.figure("lookup.p99") == nil && result.figure("growth.lookup") == nil)
    }

    @Test(
        "numbers have three digits that count",
        arguments: [
            (0, "0"), (12, "12"), (0.01234, "0.0123"), (0.5, "0.500"), (4.567, "4.57"), (78.94, "78.9"),
            (99.96, "100"), (12_345.6, "12346"), (-3.21, "-3.2100"), (.infinity, "–"), (.nan, "–"), (1e300, "1e+300"),
        ] as [(Double, String)])
    func text(value: Double, text: String) {
        if value >= 0 || value.isNaN { #expect(FigureText.text(value) == text) }
        #expect(!FigureText.text(value).isEmpty)
    }

    @Test("thousands are apart where that is asked for, and moments are minutes")
    func groups() {
        #expect(FigureText.text(1_234_567, isGrouped: true) == "1,234,567")
        #expect(FigureText.whole(-1000) == "-1,000" && FigureText.whole(999) == "999")
        #expect(FigureText.text(12.3, .milliseconds) == "12.3 ms" && FigureText.text(4000, .perSecond) == "4000/s")
        #expect([5, 65, 3600, 86_399].map { FigureText.time(seconds: $0) } == ["5 s", "1:05", "1:00:00", "23:59:59"])
    }
}
