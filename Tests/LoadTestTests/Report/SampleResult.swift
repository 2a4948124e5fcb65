import Foundation

@testable import LoadTest

/// A result of two hundred seconds that was never measured.
enum SampleResult {
    static let hies = ["barts", "homerton", "croydon"]

    static func result(seconds: Int = 200) -> LoadResult {
        let environment = LoadEnvironment(
            versions: ["wherry": "1.0.0", "rabbitmq": "3.10.8"], cores: 2, memoryMebibytes: 8000,
            queueType: "quorum, one a subscriber", durability: "on the source's disk", commit: "abc1234", seed: 1,
            hies: 3, brokers: 1)
        var profile = LoadProfile(name: "sample", about: "Three HIEs & <some> load.")
        profile.hies = 3
        var result = LoadResult(profile: profile, startedAt: "2026-11-24T12:00:00.000Z", environment: environment)
        result.durationSeconds = Double(seconds)
        result.passed = true
        result.remarks = ["12 lookups were skipped"]
        result.accounting.attempted = 20_000
        result.accounting.acknowledged = 19_999
        result.accounting.unknown = 1
        result.accounting.applied = 9000
        result.rates = [
            "changes": .init(intended: 100, achieved: 99.5, count: 19_999),
            "lookups": .init(intended: 50, achieved: 50, count: 10_000),
            "applied": .init(intended: nil, achieved: 199, count: 39_800),
        ]
        for (place, clock) in LoadResult.Clock.allCases.enumerated() {
            result.latencies[clock.rawValue] = latency(of: Double(place + 1))
        }
        result.ratios = [
            .init(name: "http", about: "lookups beside a bare server", measured: 7000, baseline: 10_000, unit: "/s")
        ]
        let criterion = LoadProfile.Criterion(figure: "lookup.p99", comparison: .atMost, bound: 50)
        result.criteria = [.init(criterion, measured: 5, passed: true)]
        let middle = Double(seconds) / 2
        result.faults = [
            .init(
                kind: "restart-broker", target: "broker-1", from: middle, until: middle + 10, recoveredAfterSeconds: 3)
        ]
        result.processes = [
            .init(name: "worker barts", cpuSeconds: 30, residentMebibytesMax: 80, writtenMebibytes: 120),
            .init(name: "worker croydon", cpuSeconds: 31, residentMebibytesMax: 85, writtenMebibytes: 121),
            .init(name: "broker-1", cpuSeconds: 90, residentMebibytesMax: 190, writtenMebibytes: 900),
            .init(name: "generator", cpuSeconds: 10, residentMebibytesMax: 50, writtenMebibytes: nil),
        ]
        result.peers = hies.map { hie in
            var peer = LoadResult.PeerResult(hie: hie)
            peer.acknowledged = 6666
            peer.lookups = 3333
            peer.lookupP99 = 2.5
            peer.replicationP99 = 40
            return peer
        }
        result.samples = (1...max(2, seconds)).map { sample(at: $0, middle: middle) }
        return result
    }

    /// With an index that grows in place of a mesh.
    static var growth: LoadResult {
        var result = result()
        result.growth = [(1000, 9000.0, 10_000.0, 1.0), (100_000, 6000, 10_000, 1.4)].map { entries, own, bare, p99 in
            var growth = LoadResult.GrowthResult(entries: entries)
            growth.writesPerSecond = own
            growth.bareWritesPerSecond = bare
            growth.lookupP50 = 0.5
            growth.lookupP99 = p99
            growth.bytesPerEntry = 120
            growth.residentMebibytes = 90
            return growth
        }
        return result
    }

    private static func sample(at second: Int, middle: Double) -> LoadSample {
        var sample = LoadSample(at: Double(second))
        let isDown = Double(second) > middle && Double(second) <= middle + 10
        sample.rates = ["changes": 100, "lookups": 50, "applied": isDown ? 0 : 200]
        sample.p50 = ["lookup": 1]
        sample.p99 = ["lookup": 2 + Double(second % 7), "schedule": 0.1]
        if !isDown { sample.p99["replication"] = 30 }
        sample.backlog = ["homerton": isDown ? 1000 : 3, "croydon": isDown ? 900 : 0]
        return sample
    }

    /// A thousand values around `milliseconds` and one far off.
    static func latency(of milliseconds: Double) -> LoadResult.Latency {
        let buckets = (0..<100).map { step in
            LoadResult.Bucket(microseconds: UInt64(milliseconds * Double(500 + step * 10)), count: 100)
        }
        let slow = LoadResult.Bucket(microseconds: UInt64(milliseconds * 50_000), count: 1)
        var corrected = LoadResult.Percentiles()
        corrected.count = 10_001
        corrected.p50 = milliseconds
        corrected.p90 = milliseconds * 1.4
        corrected.p99 = milliseconds * 1.49
        corrected.p999 = milliseconds * 1.49
        corrected.p9999 = milliseconds * 1.49
        corrected.max = milliseconds * 50
        corrected.mean = milliseconds
        var uncorrected = corrected
        uncorrected.max = milliseconds * 1.49
        uncorrected.count = 10_000
        return LoadResult.Latency(
            corrected: corrected, uncorrected: uncorrected, recorded: buckets + [slow], recordedUncorrected: buckets)
    }
}
