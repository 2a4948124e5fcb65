import Testing

@testable import LoadTest

@Suite("Whether a run passed")
struct JudgingTests {
    private static func result(_ change: (inout LoadResult) -> Void = { _ in }) -> LoadResult {
        let environment = LoadEnvironment(
            versions: [:], cores: 2, memoryMebibytes: 1024, queueType: "", durability: "", commit: nil, seed: 1,
            hies: 2, brokers: 1)
        var result = LoadResult(
            profile: LoadProfile(name: "test", about: ""), startedAt: "2025-06-30T00:00:00Z", environment: environment)
        change(&result)
        return result
    }

    private static func judged(
        _ criteria: [LoadProfile.Criterion] = [], stopped: String? = nil, _ change: (inout LoadResult) -> Void
    ) -> LoadResult {
        var result = result(change)
        result.passed = true
        result.judge(by: criteria, stopped: stopped)
        return result
    }

    @Test("with nothing against it, it passed; what is remarked beside the figures does not count")
    func passed() {
        let result = Self.judged([.init(figure: "errors", comparison: .atMost, bound: 0)]) {
            $0.remarks = ["20,000 of 30,000 patients were looked up"]
            $0.accounting.held = 5
            $0.accounting.unknown = 5
        }
        #expect(result.passed && result.remarks == ["20,000 of 30,000 patients were looked up"])
        #expect(result.criteria.map(\.passed) == [true] && result.criteria.map(\.measured) == [0])
    }

    @Test("P1, P2, P3: lost, duplicated and stale records and wrong coverage fail it whatever the profile says")
    func accounting() {
        let members: [(WritableKeyPath<LoadResult.Accounting, Int>, String)] = [
            (\.lost, "change that was accepted"), (\.duplicated, "stands twice"), (\.stale, "in an older version"),
            (\.wrongCoverage, "out of its coverage"),
        ]
        for (member, words) in members {
            let result = Self.judged { $0.accounting[keyPath: member] = 1 }
            #expect(!result.passed)
            #expect(result.remarks.count == 1 && result.remarks[0].hasPrefix("1 "))
            #expect(result.remarks[0].contains(words))
        }
    }

    @Test("a generator that could not keep up fails it")
    func generator() {
        let result = Self.judged { $0.remarks = ["the generator could not keep up: 2 % were not sent"] }
        #expect(!result.passed && result.remarks.count == 1)
    }

    @Test("a criterion that is not met fails it, in a sentence; so does one whose figure was not measured")
    func criteria() {
        let result = Self.judged([
            .init(figure: "errors", comparison: .atMost, bound: 2),
            .init(figure: "errors", comparison: .atLeast, bound: 3),
            .init(figure: "ratio.nothing", comparison: .atLeast, bound: 0.6),
        ]) { $0.accounting.errors = 3 }
        #expect(!result.passed && result.criteria.map(\.passed) == [false, true, false])
        #expect(
            result.remarks == [
                "errors was 3, and had to be <= 2", "ratio.nothing was not measured, and had to be >= 0.6",
            ])
    }

    @Test("a fault that the mesh did not recover from fails it, as does a run that stopped before its end")
    func unfinished() {
        let fault = LoadResult.FaultResult(
            kind: "kill-broker", target: "broker-1", from: 5, until: 8, recoveredAfterSeconds: nil)
        let result = Self.judged(stopped: "it was interrupted") { $0.faults = [fault] }
        #expect(!result.passed)
        #expect(
            result.remarks == [
                "it was interrupted",
                "the mesh did not recover from kill-broker of broker-1 at 5 s while it was watched",
            ])
    }

    @Test("what has failed before does not pass")
    func failedBefore() {
        var result = Self.result()
        result.judge(by: [])
        #expect(!result.passed)
    }

    @Test("a figure that is no number meets no criterion")
    func noNumber() {
        for comparison in LoadProfile.Criterion.Comparison.allCases {
            #expect(!LoadProfile.Criterion(figure: "x", comparison: comparison, bound: 1).isMet(by: .nan))
        }
    }
}
