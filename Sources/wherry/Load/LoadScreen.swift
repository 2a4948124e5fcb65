import LoadTest

/// Stands in for the live screen, so that the verb can be built and tried without it.
enum LoadScreen {
    static func lines(
        profile: LoadProfile, samples: [LoadSample], faults: [LoadResult.FaultResult], elapsed: Double, columns: Int
    ) -> [String] {
        ["\(profile.name): \(Int(elapsed)) s of \(profile.durationMilliseconds / 1000) s"]
    }
}
