import LoadTest
import TestSupport

/// Results that were never measured, as files.
enum LoadResults {
    static func result(lookupP99: Double = 5, passed: Bool = true) -> LoadResult {
        let environment = LoadEnvironment(
            versions: ["wherry": "1.0.0"], cores: 2, memoryMebibytes: 8000, queueType: "quorum", durability: "disk",
            commit: nil, seed: 1, hies: 3, brokers: 1)
        let profile = LoadProfile(name: "sample", about: "Some load.")
        var result = LoadResult(profile: profile, startedAt: "2026-11-24T12:00:00.000Z", environment: environment)
        result.durationSeconds = 60
        result.passed = passed
        result.accounting.attempted = 600
        result.rates["lookups"] = .init(intended: 50, achieved: 50, count: 3000)
        var percentiles = LoadResult.Percentiles()
        percentiles.count = 100_000
        percentiles.p50 = 1
        percentiles.p99 = lookupP99
        result.latencies["lookup"] = .init(
            corrected: percentiles, uncorrected: percentiles, recorded: [.init(microseconds: 1000, count: 100_000)])
        result.criteria = [
            .init(.init(figure: "lookup.p99", comparison: .atMost, bound: 5.5), measured: lookupP99, passed: passed)
        ]
        result.faults = [
            .init(kind: "kill-worker", target: "croydon", from: 0, until: 60, recoveredAfterSeconds: nil)
        ]
        result.remarks = passed ? [] : ["lookup.p99 was too large"]
        return result
    }

    /// Writes a run's directory and gives its path.
    static func write(_ result: LoadResult, _ name: String, in directory: TemporaryDirectory) throws -> String {
        try LoadReportWriter.write(result, to: directory.file(name))
        return directory.file(name)
    }
}
