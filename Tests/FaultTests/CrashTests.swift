import CareRecord
import Foundation
import LoadTest
import TestSupport
import Testing

extension FaultTests {
    @Suite("of the workers") struct CrashTests {
        private static let killsPerWorker = 6

        /// `WHERRY_FAULT_SEED` repeats a seed; otherwise each run has its own.
        private static let seed =
            ProcessInfo.processInfo.environment["WHERRY_FAULT_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...999_999)

        @Test("promises P1 and P2: random SIGKILLs of source and subscriber lose nothing, apply nothing twice")
        func killed() async throws {
            let seed = Self.seed
            print("WHERRY_FAULT_SEED=\(seed)")
            let mesh = try await FaultMesh()
            try await mesh.startAll()
            let feeds = ["barts", "homerton"].enumerated().map { number, hie in
                Feed(hie, pieces: 20, pattern: .corrected, seed: seed + UInt64(number))
            }
            try await withFeeds(feeds, of: mesh) {
                var generator = SplitMix64(seed: seed)
                for round in 1...Self.killsPerWorker {
                    for hie in ["barts", "kingston"] {
                        // Somewhere in the round's part of the feed.
                        let share = (Double(round - 1) + generator.unit) / Double(Self.killsPerWorker + 1)
                        #expect(await feeds[0].reaches(share), "seed \(seed)")
                        let moment = ContinuousClock.now + .milliseconds(generator.below(300))
                        _ = await eventually { ContinuousClock.now >= moment }
                        try await mesh.kill(hie)
                        try await mesh.start(hie)
                    }
                }
            }
            await mesh.expectQuiescent("seed \(seed)")
            try await mesh.expectAllEqual(feeds, "seed \(seed)")
            // The one that was never killed has counted everything, and no number twice.
            let head = try await mesh.client("homerton").metric("wherry_source_head", source: "barts")
            let applied = try await mesh.client("homerton").metric("wherry_changes_applied_total", source: "barts")
            #expect(applied <= head, "seed \(seed)")
            try await mesh.stopAll()
        }
    }
}

extension SplitMix64 {
    /// 0 ..< 1.
    fileprivate var unit: Double {
        mutating get { Double(below(1 << 20)) / Double(1 << 20) }
    }
}
