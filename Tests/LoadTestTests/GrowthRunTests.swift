import Foundation
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import LoadTest

@Suite("Growing index") struct GrowthRunTests {
    @Test("at every size an index, SQLite alone and a worker that holds the index are measured")
    func sizes() async throws {
        let directory = try TemporaryDirectory()
        var profile = LoadProfile(name: "growth", about: "An index grows.")
        profile.kind = .growth
        profile.sizes = [6000, 2000, 2000]
        let said = NIOLockedValueBox<[String]>([])
        var results: [LoadResult.GrowthResult] = []
        try await GrowthRun(profile: profile, directory: directory.path, wherry: wherryExecutable)
            .run(into: &results) { text in said.withLockedValue { $0.append(text) } }
        #expect(results.map(\.entries) == [2000, 6000])
        for result in results {
            #expect(result.writesPerSecond > 0 && result.bareWritesPerSecond > 0)
            #expect(result.updatesPerSecond > 0 && result.bareUpdatesPerSecond > 0)
            #expect(result.lookupP50 > 0 && result.lookupP99 >= result.lookupP50)
            #expect(result.readP99 > 0 && result.bareReadP99 > 0)
            #expect((50...1000).contains(result.bytesPerEntry), "\(result.bytesPerEntry)")
            #expect((5...500).contains(result.residentMebibytes), "\(result.residentMebibytes)")
        }
        #expect(said.withLockedValue { $0.count { $0.contains("6000") } } > 0)
    }

    @Test("no sizes are no results, and nothing is started")
    func nothing() async throws {
        let run = GrowthRun(
            profile: LoadProfile(name: "growth", about: ""), directory: "/dev/null", wherry: "/dev/null")
        var results: [LoadResult.GrowthResult] = []
        try await run.run(into: &results) { _ in }
        #expect(results.isEmpty)
    }

    @Test("what was measured before an interruption stays, and the run has not passed")
    func interrupted() async throws {
        let directory = try TemporaryDirectory()
        var profile = LoadProfile(name: "growth", about: "")
        profile.kind = .growth
        profile.sizes = [1000, 300_000]
        let settings = try LoadRunSettings(
            profile: profile, workers: .unneeded, executable: wherryExecutable, directory: directory.file("run"),
            version: "1")
        let isGrowing = NIOLockedValueBox(false)
        let run = Task {
            try await LoadRun(settings) { stage in
                if case .growing(let what) = stage, what.contains("300000") { isGrowing.withLockedValue { $0 = true } }
            }.run()
        }
        #expect(await eventually(within: 400) { isGrowing.withLockedValue { $0 } })
        run.cancel()
        let result = try await run.value
        #expect(result.growth.map(\.entries) == [1000] && !result.passed)
        #expect(result.remarks.contains { $0.hasPrefix("it was interrupted") })
    }

    @Test("a program that is no worker fails the run and tells what it said")
    func noWorker() async throws {
        let directory = try TemporaryDirectory()
        var profile = LoadProfile(name: "growth", about: "")
        profile.sizes = [1000]
        let run = GrowthRun(profile: profile, directory: directory.path, wherry: "/bin/false")
        await #expect(throws: LoadTestError.self) {
            var results: [LoadResult.GrowthResult] = []
            try await run.run(into: &results) { _ in }
        }
    }
}
