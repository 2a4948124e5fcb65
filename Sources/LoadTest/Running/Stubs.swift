// What other parts of the load test bring, so that this part can be built and tried without them.
package import AMQP
package import CareRecord
import Foundation
import Synchronization
import Yams

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

extension LoadResult {
    package func figure(_ name: String) -> Double? {
        switch name {
        case "lost": Double(accounting.lost)
        case "held": Double(accounting.held)
        case "errors": Double(accounting.errors)
        case "duration": durationSeconds
        case "recovery": faults.compactMap(\.recoveredAfterSeconds).max()
        default: rates[name.replacing("rate.", with: "")]?.achieved
        }
    }
}

extension LoadProfile.Fault.Kind {
    package var isOfBroker: Bool {
        switch self {
        case .pauseBroker, .killBroker, .restartBroker, .memoryAlarm: true
        case .pauseWorker, .killWorker, .slowWorker: false
        }
    }
}

package struct LoadProfileError: Error, CustomStringConvertible {
    package let description: String
}

extension LoadProfile {
    package static func load(path: String) throws(LoadProfileError) -> LoadProfile {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let tree = try? Yams.load(yaml: text) as? [String: Any]
        else { throw LoadProfileError(description: "the profile \(path) cannot be read") }
        func milliseconds(_ value: Any?) -> Int64? { (value as? String).flatMap { TimeSpan($0) }?.milliseconds }
        let name = URL(filePath: path).deletingPathExtension().lastPathComponent
        var profile = LoadProfile(name: name, about: tree["about"] as? String ?? "")
        profile.kind = (tree["kind"] as? String).flatMap(Kind.init) ?? .mesh
        profile.hies = tree["hies"] as? Int ?? profile.hies
        profile.brokers = tree["brokers"] as? Int ?? profile.brokers
        profile.patients = tree["patients"] as? Int ?? profile.patients
        profile.warmUpMilliseconds = milliseconds(tree["warmup"]) ?? profile.warmUpMilliseconds
        profile.durationMilliseconds = milliseconds(tree["duration"]) ?? profile.durationMilliseconds
        if let changes = tree["changes"] as? [String: Any] {
            profile.bulkChanges = changes["count"] as? Int ?? profile.bulkChanges
            if let rate = changes["rate"] as? Int { profile.changes = Changes(perSecond: Double(rate)) }
        }
        profile.messageChangesMax = tree["messageChanges"] as? Int
        for fault in tree["faults"] as? [[String: Any]] ?? [] {
            guard let kind = (fault["kind"] as? String).flatMap(Fault.Kind.init) else { continue }
            profile.faults.append(
                Fault(
                    kind: kind, target: fault["target"] as? String ?? "",
                    atMilliseconds: milliseconds(fault["at"]) ?? 0,
                    durationMilliseconds: milliseconds(fault["for"])))
        }
        for text in tree["criteria"] as? [String] ?? [] {
            let words = text.split(separator: " ")
            guard words.count == 3, let comparison = Criterion.Comparison(rawValue: String(words[1])) else { continue }
            profile.criteria.append(
                Criterion(figure: String(words[0]), comparison: comparison, bound: Double(words[2]) ?? 0))
        }
        return profile
    }

    package static func shipped(in directory: String) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }
}

package enum LoadReportWriter {
    package static func write(_ result: LoadResult, to directory: String) throws {
        let data = try JSONEncoder().encode(result)
        try data.write(to: URL(filePath: directory).appending(path: "result.json"))
    }
}
