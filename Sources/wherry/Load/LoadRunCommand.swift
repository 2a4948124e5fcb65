import AMQP
import ArgumentParser
import CareRecord
import Foundation
import Gateway
import LoadTest
import Topology
import UnixSignals

/// Runs a load test and reports what it found.
struct LoadRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Put a mesh under load, check every outcome, and report.",
        discussion: """
            PROFILE is the path of a load profile, or the name of one in Topology/load. A private broker and the \
            profile's workers are started on loopback, loaded with an invented population, and put under an open-loop \
            schedule: what is late counts from when it should have been sent. Then every worker is asked for every \
            patient that was touched. Everything that was started is stopped, also after Ctrl-C.

            With --to the workers that run at these URLs are put under load instead, and nothing of theirs is \
            stopped; their records grow by the test's. Never give it the URL of a worker that holds real patients.

            DIR gets result.json, a .hgrm log of every latency, and report.html. Exit status 1 when the criteria \
            were not met, anything was lost, or the load generator could not keep up.

            Examples:
              wherry load run smoke
              wherry load run london-day --duration 60s --out ./london
              wherry load run lookup-storm --to http://127.0.0.1:8080 --to http://127.0.0.1:8081
            """)

    private static let usualProfiles = "Topology/load"
    private static let usualTopology = "Topology/onelondon-complete.yaml"
    private static let brokerScript = "Scripts/broker"
    private static let usualOut = "load-results"
    private static let durationMillisecondsMax: Int64 = 7 * 86_400_000

    @Argument(help: "A load profile: its path, or its name in Topology/load.")
    var profile: String

    @Option(
        name: .customLong("topology"),
        help: .init(
            "The topology file whose HIEs take part (default: \(Self.usualTopology)).", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var topologyFile: String?

    @Option(help: .init("The URL of a worker that runs; given again for each.", valueName: "url"))
    var to: [WorkerURL] = []

    @Option(
        name: .customLong("broker-url"),
        help: .init("A broker that runs, in place of private ones; it gets the mesh's queues.", valueName: "url"))
    var brokerURL: String?

    @Option(
        help: .init(
            "Where the results go, made where it is missing (default: \(Self.usualOut)/PROFILE-TIME).",
            valueName: "dir"),
        completion: .directory)
    var out: String?

    @Option(help: .init("In place of the profile's: another population and another order.", valueName: "number"))
    var seed: UInt64?

    @Option(help: .init("How long the load takes, in place of the profile's duration.", valueName: "time"))
    var duration: TimeSpan?

    @Option(
        help: .init("Where profiles are looked for (default: \(Self.usualProfiles)).", valueName: "dir"),
        completion: .directory)
    var profiles: String?

    @Flag(help: "Leave the workers' and brokers' files, in DIR/mesh.")
    var keep = false

    @Flag(name: .customLong("no-baselines"), help: "Measure no baselines, and leave out criteria on ratios to them.")
    var omitsBaselines = false

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if !to.isEmpty, topologyFile != nil {
            throw ValidationError("--topology is for workers that are started, and --to names workers that run")
        }
        if let https = to.first(where: { !$0.description.hasPrefix("http://") }) {
            throw ValidationError("the load generator speaks plain HTTP: \(https) cannot be used with --to")
        }
        if let duration, duration.milliseconds > Self.durationMillisecondsMax {
            throw ValidationError("--duration is at most \(Self.durationMillisecondsMax / 86_400_000)d")
        }
        if let brokerURL { try Self.check(brokerURL) }
    }

    func run() async throws {
        let profile = try readProfile()
        let directory = out ?? Self.usualOut(of: profile.name)
        let settings = try await settings(profile, out: directory)
        let results = try ResultDirectory(directory)
        let progress = LoadProgress(profile, output: output)
        let outcome = await Self.untilSignalled { try await LoadRun(settings) { progress.take($0) }.run() }
        progress.finish()
        switch outcome {
        case .ended(let result): try finish(result, in: results)
        case .failed(let error):
            results.removeIfEmpty()
            throw Self.failure(error)
        case .interrupted(let result, let status):
            if let result {
                try results.write(result)
                Terminal.printError("interrupted: what was measured until then is in \(results.path)")
            } else {
                results.removeIfEmpty()
                Terminal.printError("interrupted before the load began: nothing was measured")
            }
            throw ExitCode(status)
        }
    }

    private func finish(_ result: LoadResult, in results: ResultDirectory) throws {
        try results.write(result)
        if output.isJSON {
            Terminal.print(try results.json())
        } else {
            LoadSummary(result: result, directory: results.path).screen(.current).print()
        }
        if !result.passed { throw CommandFailure.alreadyReported }
    }

    // MARK: - What is run

    private func readProfile() throws -> LoadProfile {
        let path = try profilePath()
        var profile: LoadProfile
        do {
            profile = try LoadProfile.load(path: path)
        } catch {
            throw CommandFailure(.refused, error.description)
        }
        if let seed { profile.seed = seed }
        if let duration { profile.durationMilliseconds = duration.milliseconds }
        if omitsBaselines {
            profile.baselines = []
            profile.criteria.removeAll { $0.figure.hasPrefix("ratio.") }
        }
        return profile
    }

    /// A name without a slash and an ending is one of the profiles that ship.
    private func profilePath() throws -> String {
        if profile.contains("/") || profile.contains(".") || FileManager.default.fileExists(atPath: profile) {
            return profile
        }
        guard let directory = profiles ?? NearbyFile.path(of: Self.usualProfiles, from: NearbyFile.places) else {
            throw CommandFailure(
                .refused,
                "there is no \(Self.usualProfiles) in this directory or above: give the profile's path, or "
                    + "--profiles DIR"
            )
        }
        let known = LoadProfile.shipped(in: directory)
        guard known.contains(profile) else {
            let names = known.isEmpty ? "no profiles" : known.joined(separator: ", ")
            throw CommandFailure(
                .refused, "there is no profile \(profile.debugDescription): \(directory) has \(names)")
        }
        return "\(directory)/\(profile).yaml"
    }

    private func settings(_ profile: LoadProfile, out: String) async throws -> LoadRunSettings {
        let place = keep ? "\(out)/mesh" : "\(FileManager.default.temporaryDirectory.path)/wherry-load-\(UUID())"
        guard !FileManager.default.fileExists(atPath: place) else {
            throw CommandFailure(
                .refused, "\(place) is there already: remove it, or give another directory with --out DIR")
        }
        do {
            var settings = try LoadRunSettings(
                profile: profile, workers: try await workers(profile), executable: NearbyFile.executable,
                directory: place, version: ProductVersion.text)
            settings.keeping = keep ? .data : .nothing
            settings.sourceTree = NearbyFile.path(of: Self.brokerScript, from: NearbyFile.places).map {
                URL(filePath: $0).deletingLastPathComponent().deletingLastPathComponent().path
            }
            if omitsBaselines {
                settings.remarks = ["baselines, and criteria on ratios to them, were left out"]
            }
            return settings
        } catch let error as LoadTestError {
            throw Self.failure(error)
        }
    }

    private func workers(_ profile: LoadProfile) async throws -> LoadRunSettings.Workers {
        guard to.isEmpty else {
            try LoadRunSettings.check(profile, onRunningWorkersOf: brokerURL)
            var targets: [LoadTarget] = []
            var connected: [HIEIdentifier] = []
            for url in to {
                let (target, hies) = try await Self.worker(at: url)
                targets.append(target)
                for hie in hies where !connected.contains(hie) { connected.append(hie) }
            }
            return .running(targets, connected: connected, brokerURL: brokerURL)
        }
        switch profile.kind {
        case .mesh, .bulk: return .started(try topology(), try brokers())
        case .growth: return .unneeded
        }
    }

    private func topology() throws -> Topology {
        if let topologyFile { return try Topology.load(path: topologyFile) }
        guard let path = NearbyFile.path(of: Self.usualTopology, from: NearbyFile.places) else {
            throw CommandFailure(
                .refused,
                "there is no \(Self.usualTopology) in this directory or above: give the topology file with --topology")
        }
        return try Topology.load(path: path)
    }

    private func brokers() throws -> LoadRunSettings.Brokers {
        if let brokerURL { return .running(url: brokerURL) }
        if let script = NearbyFile.path(of: Self.brokerScript, from: NearbyFile.places) {
            return .started(script: script)
        }
        throw CommandFailure(
            .failed,
            "there is no \(Self.brokerScript) in this directory or above, which starts private brokers: run this in "
                + "the source tree, or give a broker that runs with --broker-url")
    }

    /// Which HIE a worker is of, and who is connected by its topology.
    private static func worker(at url: WorkerURL) async throws -> (LoadTarget, [HIEIdentifier]) {
        let json = try await WorkerClient.with(url) { client in try await client.get("/api/peers").json(from: url) }
        guard let hie = json["hie"]?.text.flatMap({ HIEIdentifier($0) }),
            let target = LoadTarget(hie: hie, url: url.description)
        else { throw CommandFailure(.failed, "what answers at \(url) is no worker: check the URL") }
        let peers = json["peers"]?.elements ?? []
        let connected = peers.filter { $0["state"]?.text != "planned" }.compactMap {
            $0["hie"]?.text.flatMap { HIEIdentifier($0) }
        }
        return (target, [hie] + connected)
    }

    private static func usualOut(of profile: String) -> String {
        let time = Date().formatted(
            .iso8601.year().month().day().dateSeparator(.omitted).time(includingFractionalSeconds: false)
                .timeSeparator(.omitted).timeZone(separator: .omitted))
        return "\(usualOut)/\(profile)-\(time)"
    }

    private static func check(_ brokerURL: String) throws {
        do {
            _ = try Endpoint(url: brokerURL)
        } catch {
            throw ValidationError("--broker-url: \(error.reason)")
        }
    }

    static func failure(_ error: any Error) -> any Error {
        guard let error = error as? LoadTestError else { return error }
        switch error.code {
        case .refused: return CommandFailure(.refused, error.reason)
        case .process, .broker, .worker, .file, .timedOut: return CommandFailure(.failed, error.reason)
        }
    }
}
