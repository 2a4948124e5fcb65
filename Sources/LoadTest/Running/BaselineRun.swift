import AMQP
import CareRecord
import Foundation

/// Measures the baselines that a profile asks for, before and after the load, so that a machine that changes meanwhile
/// shows.
struct BaselineRun {
    private static let rows = 100_000
    private static let messages = 20_000
    /// A change of the population as a line, with the message's properties.
    private static let messageBytes = 400
    private static let connections = 16
    private static let secondsEach = 2.0
    private static let numbersMax = 1000
    /// Two measurements that differ by more are remarked upon.
    private static let differenceMaxPercent = 20.0

    /// What is compared with what.
    private enum Pair: String, CaseIterable {
        case http
        case amqp
        case sqlite
        case indexWrites = "index-writes"
        case lookupsInProcess = "lookups-in-process"
    }

    private struct Reading {
        /// `nil` where the load itself is what is measured.
        let measured: Double?
        let baseline: Double
    }

    let profile: LoadProfile
    let directory: String
    let executable: String
    /// A worker that is asked for the lookups of `http`.
    let worker: LoadTarget?
    let endpoint: Endpoint?
    private var readings: [Pair: [Reading]] = [:]

    init(
        _ profile: LoadProfile, directory: String, executable: String, worker: LoadTarget?, endpoint: Endpoint?
    ) {
        self.profile = profile
        self.directory = directory + "/baselines"
        self.executable = executable
        self.worker = worker
        self.endpoint = endpoint
    }

    mutating func measure(onStart: (String) -> Void) async throws {
        guard !profile.baselines.isEmpty else { return }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        if profile.baselines.contains(.http), let worker {
            onStart("bare HTTP")
            try await measureHTTP(worker)
        }
        if profile.baselines.contains(.amqp), let endpoint {
            onStart("bare AMQP")
            let rate = try await Baselines.amqp(
                endpoint: endpoint, messages: Self.messages, bytes: Self.messageBytes)
            readings[.amqp, default: []].append(Reading(measured: nil, baseline: rate))
        }
        if profile.baselines.contains(.sqlite) {
            onStart("bare SQLite")
            try await measureSQLite()
        }
    }

    private mutating func measureHTTP(_ worker: LoadTarget) async throws {
        let population = Population(seed: profile.seed, patients: max(1, profile.patients))
        let paths = (0..<min(population.patients, Self.numbersMax)).map { patient in
            "/api/patients/\(population.nhsNumber(patient: patient).text)"
        }
        let lookups = try await Baselines.http(
            target: worker, paths: paths, connections: Self.connections, seconds: Self.secondsEach)
        let server = try await WorkerProcess.start(
            executable: executable, verb: ["load", "bare-http"], ["--bytes", String(lookups.bytes)],
            log: "\(directory)/bare-http")
        guard let target = LoadTarget(hie: worker.hie, url: server.url) else {
            throw LoadTestError(.process, "the bare server says that it listens on \(server.url)")
        }
        let bare = try await Baselines.http(
            target: target, paths: ["/"], connections: Self.connections, seconds: Self.secondsEach)
        await server.end()
        readings[.http, default: []].append(Reading(measured: lookups.perSecond, baseline: bare.perSecond))
    }

    private mutating func measureSQLite() async throws {
        let rows = profile.kind == .bulk ? profile.bulkChanges : Self.rows
        let pair = "\(directory)/pair"
        let writes = try await Baselines.writes(rows: rows, directory: pair, seed: profile.seed)
        let reads = try await Baselines.reads(directory: pair, seconds: Self.secondsEach)
        readings[.sqlite, default: []].append(Reading(measured: nil, baseline: writes.bare))
        readings[.indexWrites, default: []].append(Reading(measured: writes.index, baseline: writes.bare))
        readings[.lookupsInProcess, default: []].append(Reading(measured: reads.index, baseline: reads.bare))
    }

    /// Puts the ratios into the result, whose rates are known by now. `subscribers` apply each change.
    func fill(_ result: inout LoadResult, subscribers: Int) {
        let applied =
            result.rates["bulk"]?.achieved
            ?? (result.rates["applied"]?.achieved ?? 0) / Double(max(1, subscribers))
        for pair in Pair.allCases {
            guard let readings = readings[pair], !readings.isEmpty else { continue }
            let baselines = readings.map(\.baseline)
            let mean = baselines.reduce(0, +) / Double(baselines.count)
            let measured = readings.compactMap(\.measured)
            result.ratios.append(
                LoadResult.Ratio(
                    name: pair.rawValue, about: about(pair),
                    measured: measured.isEmpty ? applied : measured.reduce(0, +) / Double(measured.count),
                    baseline: mean, unit: "/s"))
            let difference = ((baselines.max() ?? mean) - (baselines.min() ?? mean)) / mean * 100
            if difference > Self.differenceMaxPercent {
                result.remarks.append(
                    "the baseline of \(pair.rawValue) differed by \(Int(difference)) % before and after the load: "
                        + "the machine did other work")
            }
        }
    }

    private func about(_ pair: Pair) -> String {
        let applied =
            switch profile.kind {
            case .bulk: "changes applied at every subscriber"
            case .mesh, .growth: "changes applied at a subscriber, of those that the schedule brought,"
            }
        return switch pair {
        case .http: "lookups of a worker over HTTP, beside a constant of the same size from a bare HTTP server"
        case .amqp: "\(applied) beside messages through one quorum queue with confirms and nothing else"
        case .sqlite: "\(applied) beside upserts of as many rows by SQLite alone"
        case .indexWrites: "changes that an index takes in process, beside upserts of the same rows by SQLite alone"
        case .lookupsInProcess: "lookups of an index in process, beside a prepared SELECT of the same rows"
        }
    }
}
