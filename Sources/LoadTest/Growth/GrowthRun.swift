import CareRecord
import Foundation

/// Grows one index through several sizes, with SQLite alone beside it that is given the same rows, and measures both at
/// each size. A worker that holds the index answers lookups meanwhile; it needs no broker.
package struct GrowthRun: Sendable {
    /// Lookups over HTTP at each size, and some before that are not counted.
    static let lookups = 5000
    static let lookupsBefore = 500
    /// Reads in process of both kinds together take so long.
    private static let readSeconds = 4.0
    private static let patientsRead = 10_000

    private let profile: LoadProfile
    private let directory: String
    private let wherry: String

    /// Files are made in `directory`; `wherry` is the executable.
    package init(profile: LoadProfile, directory: String, wherry: String) {
        self.profile = profile
        self.directory = directory
        self.wherry = wherry
    }

    /// Adds a result for each size of the profile, ascending, as it is measured.
    package func run(
        into results: inout [LoadResult.GrowthResult], onProgress: @Sendable (String) -> Void
    ) async throws {
        let sizes = Set(profile.sizes).filter { $0 > 0 }.sorted()
        guard let largest = sizes.last else { return }
        var feed = ChangeFeed(seed: profile.seed, entries: largest)
        let pair = try GrowingPair(in: "\(directory)/growth")
        for size in sizes {
            onProgress("growing to \(size) entries")
            var result = LoadResult.GrowthResult(entries: size)
            var writes = try await pair.grow(&feed, to: size)
            if size == sizes.first {
                try await GrowingPair.again(size, until: &writes, seed: profile.seed, in: "\(directory)/growth-again")
            }
            (result.writesPerSecond, result.bareWritesPerSecond) = (writes.index.perSecond, writes.bare.perSecond)
            onProgress("updating entries of \(size)")
            let updates = try await pair.update(&feed)
            (result.updatesPerSecond, result.bareUpdatesPerSecond) = (updates.index.perSecond, updates.bare.perSecond)
            try await pair.close()
            result.bytesPerEntry = try Double(pair.bytes) / Double(size)
            onProgress("reading of \(size) entries")
            try await read(of: pair, &feed, &result)
            onProgress("looking up of \(size) entries")
            try await lookUp(of: pair, &feed, &result)
            results.append(result)
        }
    }

    private func read(
        of pair: GrowingPair, _ feed: inout ChangeFeed, _ result: inout LoadResult.GrowthResult
    ) async throws {
        let patients = feed.patients(Self.patientsRead)
        let times = try await Baselines.readTimes(directory: pair.directory, patients, seconds: Self.readSeconds)
        result.readP99 = Self.milliseconds(times.index, 0.99)
        result.bareReadP99 = Self.milliseconds(times.bare, 0.99)
    }

    private func lookUp(
        of pair: GrowingPair, _ feed: inout ChangeFeed, _ result: inout LoadResult.GrowthResult
    ) async throws {
        let worker = try await GrowthWorker.start(wherry, holding: pair.directory, of: feed.sample.hies)
        do {
            let paths = feed.patients(Self.lookupsBefore + Self.lookups).map { "/api/patients/\($0.text)" }
            let times = try await Baselines.answerTimes(of: worker.target, paths: paths)
            let counted = Array(times.dropFirst(Self.lookupsBefore))
            result.lookupP50 = Self.milliseconds(counted, 0.5)
            result.lookupP99 = Self.milliseconds(counted, 0.99)
            result.residentMebibytes = worker.residentMebibytes
        } catch {
            await worker.end()
            throw error
        }
        await worker.end()
    }

    /// A quantile of seconds.
    private static func milliseconds(_ times: [Double], _ quantile: Double) -> Double {
        let sorted = times.sorted()
        guard let last = sorted.last else { return 0 }
        let place = Int((Double(sorted.count) * quantile).rounded(.up)) - 1
        return (sorted.indices.contains(place) ? sorted[place] : last) * 1000
    }
}
