import Testing

@testable import LoadTest

@Suite("Comparing two runs")
struct LoadComparisonTests {
    private static let before = SampleResult.result()

    private static func after(_ change: (inout LoadResult) -> Void) -> LoadResult {
        var result = before
        change(&result)
        return result
    }

    private static func verdict(
        of figure: String, tolerance: Double = 10, _ change: (inout LoadResult) -> Void
    ) throws -> (figure: LoadComparison.Verdict?, whole: LoadComparison.Verdict) {
        let comparison = try LoadComparison(before, after(change), tolerancePercent: tolerance)
        return (comparison.rows.first { $0.figure == figure }?.verdict, comparison.verdict)
    }

    @Test("a run is the same as itself, without a warning")
    func same() throws {
        let comparison = try LoadComparison(Self.before, Self.before)
        #expect(comparison.verdict == .same && comparison.warnings == [])
        #expect(comparison.rows.allSatisfy { $0.verdict == .same || $0.verdict == .notJudged })
        #expect(comparison.rows.contains { $0.figure == "lookup.p99" && $0.ratio == 1 })
        #expect(comparison.sentence.hasPrefix("The second run is the same: of "))
    }

    @Test("a latency that grew by more than the tolerance is worse, and one that fell is better")
    func latency() throws {
        let grown = try Self.verdict(of: "lookup.p99") { $0.latencies["lookup"]?.corrected.p99 *= 1.2 }
        #expect(grown == (.worse, .worse))
        let fallen = try Self.verdict(of: "lookup.p99") { $0.latencies["lookup"]?.corrected.p99 /= 1.2 }
        #expect(fallen == (.better, .better))
        let little = try Self.verdict(of: "lookup.p99") { $0.latencies["lookup"]?.corrected.p99 *= 1.09 }
        #expect(little == (.same, .same))
        let wide = try Self.verdict(of: "lookup.p99", tolerance: 25) { $0.latencies["lookup"]?.corrected.p99 *= 1.2 }
        #expect(wide == (.same, .same))
    }

    @Test("a rate and a ratio that fell are worse")
    func rates() throws {
        #expect(try Self.verdict(of: "rate.changes") { $0.rates["changes"]?.achieved = 80 } == (.worse, .worse))
        #expect(try Self.verdict(of: "ratio.http") { $0.ratios[0].value = 0.9 } == (.better, .better))
    }

    @Test("one worse figure makes the run worse, however many are better")
    func mixed() throws {
        let comparison = try LoadComparison(
            Self.before,
            Self.after {
                $0.ratios[0].value = 0.9
                $0.rates["lookups"]?.achieved = 10
            })
        #expect(comparison.verdict == .worse)
        #expect(comparison.sentence.contains("1 worse (rate.lookups 0.200×), 1 better (ratio.http 1.29×)"))
    }

    @Test("a lost record is worse at any tolerance, and nothing is divided by nought")
    func lost() throws {
        #expect(try Self.verdict(of: "lost", tolerance: 1000) { $0.accounting.lost = 1 } == (.worse, .worse))
        let comparison = try LoadComparison(Self.before, Self.after { $0.accounting.errors = 3 })
        let row = try #require(comparison.rows.first { $0.figure == "errors" })
        #expect(row.ratio == nil && row.verdict == .worse)
    }

    @Test("less than a tenth of a millisecond is noise, and few values are not judged")
    func noise() throws {
        let tiny = try Self.verdict(of: "schedule.p50") { $0.latencies["schedule"]?.corrected.p50 += 0.09 }
        #expect(tiny == (.same, .same))
        // Of 10,001 values ten are beyond p99.9.
        let few = try Self.verdict(of: "lookup.p999") { $0.latencies["lookup"]?.corrected.p999 *= 9 }
        #expect(few == (.notJudged, .same))
        #expect(
            try Self.verdict(of: "lookup.max") { $0.latencies["lookup"]?.corrected.max *= 9 } == (.notJudged, .same))
    }

    @Test("a run that did not pass is worse than one that did, whatever its figures")
    func passing() throws {
        let failed = try LoadComparison(Self.before, Self.after { $0.passed = false })
        #expect(failed.verdict == .worse && failed.sentence.contains("the first run passed and the second did not"))
        let healed = try LoadComparison(Self.after { $0.passed = false }, Self.before)
        #expect(healed.verdict == .better)
        let neither = try LoadComparison(Self.after { $0.passed = false }, Self.after { $0.passed = false })
        #expect(neither.verdict == .same && neither.warnings.contains { $0.contains("neither run passed") })
    }

    @Test("what differs between the machines and the meshes is warned of")
    func environments() throws {
        let comparison = try LoadComparison(
            Self.before,
            Self.after {
                $0.environment.cores = 8
                $0.environment.versions["rabbitmq"] = "4.1.0"
                $0.environment.versions["swift"] = "6.3"
                $0.environment.queueType = "classic"
                $0.environment.memoryMebibytes = 16_000
                $0.environment.commit = "fff"
                $0.durationSeconds = 100
            })
        #expect(
            comparison.warnings == [
                "cores: 2, then 8", "queues: quorum, one a subscriber, then classic", "rabbitmq: 3.10.8, then 4.1.0",
                "swift: none, then 6.3", "memory: 8000 MiB, then 16000 MiB", "duration: 200 s, then 100 s",
            ])
    }

    @Test("two profiles are compared only where both have the same figures")
    func profiles() throws {
        let other = Self.after { $0.profile = "other" }
        #expect(try LoadComparison(Self.before, other).warnings == ["profile: sample, then other"])
        let less = Self.after {
            $0.profile = "other"
            $0.latencies["query"] = nil
        }
        let refusal = try #require(throws: LoadComparison.Refusal.self) { try LoadComparison(Self.before, less) }
        #expect(refusal.description.contains("query.p50") && refusal.description.contains("sample and other"))
        let same = Self.after { $0.latencies["query"] = nil }
        let row = try #require(try LoadComparison(Self.before, same).rows.first { $0.figure == "query.p50" })
        #expect(row.after == nil && row.verdict == .notJudged)
    }
}
