import AMQP
import CareRecord
import Foundation

/// One load test from its processes to its verdict. What it starts has ended when it returns, whatever happens.
package struct LoadRun: Sendable {
    /// How far it is.
    package enum Stage: Sendable {
        /// What is being started, such as `the worker of barts`.
        case starting(String)
        /// The population, 0 … 1.
        case loading(Double)
        case measuringBaseline(String)
        case warmingUp
        /// A second of the load, and the faults so far.
        case sample(LoadSample, faults: [LoadResult.FaultResult])
        /// The load is over; the mesh recovers from its last faults and catches up.
        case recovering
        case checking
        /// Of a bulk load: changes that every subscriber has applied, of how many.
        case applying(Int64, of: Int64)
        /// Of a growing index: what is being measured.
        case growing(String)
        case stopping
    }

    private static let verifySecondsMax = 300

    let settings: LoadRunSettings
    let onStage: @Sendable (Stage) -> Void

    package init(_ settings: LoadRunSettings, onStage: @escaping @Sendable (Stage) -> Void) {
        self.settings = settings
        self.onStage = onStage
    }

    var profile: LoadProfile { settings.profile }

    /// Runs it and judges it.
    ///
    /// When its task is cancelled, or something fails, after the load has begun, what was measured so far is the
    /// result, which has not passed; before, there is nothing, and it throws.
    package func run() async throws -> LoadResult {
        do {
            let result =
                switch profile.kind {
                case .mesh: try await runMesh()
                case .bulk: try await runBulk()
                case .growth: try await runGrowth()
                }
            try removeDirectory()
            return result
        } catch {
            try? removeDirectory()
            throw error
        }
    }

    private func removeDirectory() throws {
        switch settings.keeping {
        case .data: break
        case .nothing:
            guard FileManager.default.fileExists(atPath: settings.directory) else { return }
            try FileManager.default.removeItem(atPath: settings.directory)
        }
    }

    // MARK: - Kinds

    private func runMesh() async throws -> LoadResult {
        switch settings.workers {
        case .running(let targets, let connected, let brokerURL):
            let ground = try Ground(targets: targets, connected: connected, brokerURL: brokerURL)
            return try await load(ground)
        case .started, .unneeded:
            return try await withMesh { mesh in
                try await mesh.startWorkers(mesh.topology.hies) { onStage(.starting($0)) }
                let ground = try await Ground(mesh)
                return try await load(ground)
            }
        }
    }

    private func runGrowth() async throws -> LoadResult {
        try FileManager.default.createDirectory(atPath: settings.directory, withIntermediateDirectories: true)
        var result = await emptyResult(nil, hies: 1)
        let startedAt = ContinuousClock.now
        let run = GrowthRun(profile: profile, directory: settings.directory, wherry: settings.executable)
        var stopped: String?
        do {
            try await run.run(into: &result.growth) { onStage(.growing($0)) }
        } catch {
            guard Task.isCancelled, !result.growth.isEmpty else { throw error }
            stopped = "it was interrupted: larger sizes were not measured"
        }
        result.durationSeconds = (ContinuousClock.now - startedAt) / .seconds(1)
        result.judge(by: profile.criteria, stopped: stopped)
        return result
    }

    /// Private brokers, and whatever workers `body` starts, ended after it.
    func withMesh(_ body: (LoadMesh) async throws -> LoadResult) async throws -> LoadResult {
        guard case .started(let topology, let brokers) = settings.workers else {
            throw LoadTestError(.refused, "this profile starts its own workers")
        }
        let mesh = try LoadMesh(
            profile, of: topology, brokers: brokers, executable: settings.executable, directory: settings.directory)
        do {
            try await mesh.startBrokers { onStage(.starting($0)) }
            var result = try await body(mesh)
            onStage(.stopping)
            result.remarks += await mesh.stop()
            return result
        } catch {
            onStage(.stopping)
            _ = await mesh.stop()
            throw error
        }
    }

    /// With what is known before the load, and nothing against it so far.
    func emptyResult(_ broker: PrivateBroker?, hies: Int) async -> LoadResult {
        let environment = await LoadEnvironment.read(settings, broker: broker, hies: hies)
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        var result = LoadResult(profile: profile, startedAt: now.text, environment: environment)
        result.passed = true
        result.remarks = settings.remarks
        switch LoadEnvironment.build {
        case .release: break
        case .debug: result.remarks.append("this is a debug build: its figures say little about a release build's")
        }
        return result
    }

    // MARK: - The load

    /// Whom the load is brought to.
    private struct Ground {
        let targets: [LoadTarget]
        let connected: [HIEIdentifier]
        var endpoints: [HIEIdentifier: Endpoint] = [:]
        var mesh: LoadMesh?

        init(_ mesh: LoadMesh) async throws {
            targets = try await mesh.targets()
            connected = mesh.topology.hies
            for hie in connected { endpoints[hie] = try await mesh.endpoint(of: hie) }
            self.mesh = mesh
        }

        init(targets: [LoadTarget], connected: [HIEIdentifier], brokerURL: String?) throws {
            self.targets = targets
            self.connected = connected
            guard let brokerURL else { return }
            let endpoint = try Endpoint(url: brokerURL)
            for target in targets { endpoints[target.hie] = endpoint }
        }
    }

    private func load(_ ground: Ground) async throws -> LoadResult {
        let driver = LoadDriver(
            profile: profile, targets: ground.targets, connected: ground.connected, amqpEndpoints: ground.endpoints)
        onStage(.loading(0))
        try await driver.preload { onStage(.loading($0)) }
        var baselines = BaselineRun(
            profile, directory: settings.directory, executable: settings.executable, worker: ground.targets.first,
            endpoint: ground.targets.first.flatMap { ground.endpoints[$0.hie] })
        try await baselines.measure { onStage(.measuringBaseline($0)) }
        var result = await emptyResult(ground.mesh?.anyBroker, hies: ground.targets.count)
        let phase = LoadPhase(profile, driver: driver, mesh: ground.mesh, onStage: onStage)
        var stopped: String?
        do {
            try await phase.run()
            onStage(.checking)
            try await driver.verify(secondsMax: Self.verifySecondsMax)
            try await baselines.measure { onStage(.measuringBaseline($0)) }
        } catch {
            // What was measured is not lost with what failed.
            stopped = Self.sentence(of: error, after: phase.secondsSoFar)
        }
        result.durationSeconds = min(phase.secondsSoFar, Double(profile.durationMilliseconds) / 1000)
        result.faults = phase.faults
        result.processes = await phase.processes
        driver.fill(&result)
        baselines.fill(&result, subscribers: ground.targets.count - 1)
        await result.blame(ground.mesh)
        result.judge(by: profile.criteria, stopped: stopped)
        return result
    }

    static func sentence(of error: any Error, after seconds: Double) -> String {
        let when = "after \(Int(seconds)) s of load"
        return error is CancellationError || Task.isCancelled
            ? "it was interrupted \(when): what follows is of that time, and the mesh was not checked to the end"
            : "it was stopped \(when): \(error)"
    }
}

extension LoadResult {
    /// A process that ended by itself fails the run, whatever the figures are.
    mutating func blame(_ mesh: LoadMesh?) async {
        guard let casualties = await mesh?.casualties(), !casualties.isEmpty else { return }
        passed = false
        remarks += casualties
    }
}
