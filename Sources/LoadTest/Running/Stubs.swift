// What other parts of the load test bring, so that this part can be built and tried without them.
package import AMQP
package import CareRecord
import Synchronization

package struct LoadTarget: Sendable {
    package let hie: HIEIdentifier
    package let host: String
    package let port: Int

    package init(hie: HIEIdentifier, host: String, port: Int) {
        self.hie = hie
        self.host = host
        self.port = port
    }
}

package final class LoadDriver: Sendable {
    private let profile: LoadProfile
    private let samples = Mutex<[LoadSample]>([])

    package init(
        profile: LoadProfile, targets: [LoadTarget], connected: [HIEIdentifier],
        amqpEndpoints: [HIEIdentifier: Endpoint]
    ) {
        self.profile = profile
    }

    package func preload(progress: @Sendable (Double) -> Void) async throws {
        for step in 1...4 { progress(Double(step) / 4) }
    }

    package func run(onSample: @escaping @Sendable (LoadSample) -> Void) async throws {
        let start = ContinuousClock.now + .milliseconds(profile.warmUpMilliseconds)
        let end = start + .milliseconds(profile.durationMilliseconds)
        var next = start + .seconds(1)
        while next <= end {
            try await Task.sleep(until: next, clock: .continuous)
            let sample = LoadSample(at: (next - start) / .seconds(1))
            samples.withLock { $0.append(sample) }
            onSample(sample)
            next += .seconds(1)
        }
        try await Task.sleep(until: end, clock: .continuous)
    }

    package func faultBegan(_ fault: LoadProfile.Fault) {}
    package func faultEnded(_ fault: LoadProfile.Fault) {}
    package func moved(_ hie: HIEIdentifier, to target: LoadTarget) {}
    package func heads() -> [HIEIdentifier: Int64] { [:] }
    package func haveReached(_ heads: [HIEIdentifier: Int64]) -> Bool { true }
    package func verify(secondsMax: Int) async throws {}
    package func fill(_ result: inout LoadResult) { result.samples = samples.withLock { $0 } }
}

package enum Baselines {
    package static func amqp(endpoint: Endpoint, messages: Int, bytes: Int) async throws -> Double { 1 }
    package static func sqlite(rows: Int, directory: String, seed: UInt64) async throws -> Double { 1 }
    package static func indexWrites(rows: Int, directory: String, seed: UInt64) async throws -> Double { 1 }
    package static func http(
        target: LoadTarget, paths: [String], connections: Int, seconds: Double
    ) async throws -> (perSecond: Double, bytes: Int) { (1, 1) }
    package static func reads(directory: String, seconds: Double) async throws -> (index: Double, bare: Double) {
        (1, 1)
    }
}

package struct GrowthRun {
    package init(profile: LoadProfile, directory: String, wherry: String) {}
    package func run(onProgress: @Sendable (String) -> Void) async throws -> [LoadResult.GrowthResult] { [] }
}
