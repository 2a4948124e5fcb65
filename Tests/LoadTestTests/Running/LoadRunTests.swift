import CareRecord
import Foundation
import NIOConcurrencyHelpers
import TestSupport
import Testing
import Topology

@testable import LoadTest

/// Whole runs with real brokers and workers; one at a time.
@Suite("A run", .serialized, .timeLimit(.minutes(10)))
struct LoadRunTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func profile(_ change: (inout LoadProfile) -> Void = { _ in }) -> LoadProfile {
        var profile = LoadProfile(name: "test", about: "two HIEs for a moment")
        profile.hies = 2
        profile.patients = 20
        profile.warmUpMilliseconds = 500
        profile.durationMilliseconds = 4000
        var changes = LoadProfile.Changes(perSecond: 20)
        changes.batch = 2
        profile.changes = changes
        profile.lookupsPerSecond = 20
        change(&profile)
        return profile
    }

    private func settings(_ profile: LoadProfile) throws -> LoadRunSettings {
        var settings = try LoadRunSettings(
            profile: profile,
            workers: .started(
                Topology.load(path: "\(packageDirectory)/Topology/onelondon-complete.yaml"),
                .started(script: PrivateBroker.script)),
            executable: WorkerProcess.executable, directory: directory.file("run"), version: "1.2.3")
        settings.sourceTree = packageDirectory
        return settings
    }

    @Test("workers, broker and generator are counted, a fault is timed, and nothing is left on the disk")
    func mesh() async throws {
        let profile = profile {
            $0.faults = [
                .init(kind: .killWorker, target: "homerton", atMilliseconds: 1000, durationMilliseconds: 1000)
            ]
            $0.criteria = [.init(figure: "lost", comparison: .atMost, bound: 0)]
        }
        let result = try await LoadRun(settings(profile)) { _ in }.run()
        #expect(result.profile == "test" && result.criteria.map(\.passed) == [true])
        #expect(result.accounting.lost == 0 && result.durationSeconds == 4)
        let fault = try #require(result.faults.first)
        #expect(result.faults.count == 1 && fault.kind == "kill-worker" && fault.target == "homerton")
        #expect(fault.from >= 1 && fault.until > fault.from)
        #expect(fault.recoveredAfterSeconds.map { $0 > 0 } == true)
        #expect(result.processes.map(\.name) == ["worker barts", "worker homerton", "broker-1", "generator"])
        #expect(result.processes.allSatisfy { $0.cpuSeconds >= 0 && $0.residentMebibytesMax > 1 })
        #expect(!result.samples.isEmpty)
        let environment = result.environment
        #expect(environment.versions["wherry"] == "1.2.3" && environment.hies == 2 && environment.brokers == 1)
        let parts = ["rabbitmq", "erlang", "sqlite", "librabbitmq", "kernel"]
        #expect(parts.allSatisfy { environment.versions[$0]?.first?.isNumber == true }, "\(environment.versions)")
        #expect(environment.cores > 0 && environment.memoryMebibytes > 100)
        #expect(!FileManager.default.fileExists(atPath: directory.file("run")))
    }

    @Test("a run that is cancelled under load tells what it measured, and has not passed")
    func cancelled() async throws {
        let settings = try settings(profile { $0.durationMilliseconds = 600_000 })
        let isLoaded = NIOLockedValueBox(false)
        let run = Task {
            try await LoadRun(settings) { stage in
                if case .sample = stage { isLoaded.withLockedValue { $0 = true } }
            }.run()
        }
        #expect(await eventually { isLoaded.withLockedValue { $0 } })
        run.cancel()
        let result = try await run.value
        #expect(!result.passed && result.remarks.contains { $0.hasPrefix("it was interrupted after") })
        #expect(result.durationSeconds >= 1 && result.durationSeconds < 600)
        #expect(!FileManager.default.fileExists(atPath: directory.file("run")))
    }

    @Test("a run that is cancelled before its load throws, and leaves nothing")
    func cancelledEarly() async throws {
        let settings = try settings(profile())
        let hasBroker = NIOLockedValueBox(false)
        let run = Task {
            try await LoadRun(settings) { stage in
                if case .starting(let what) = stage, what.hasPrefix("the worker") {
                    hasBroker.withLockedValue { $0 = true }
                }
            }.run()
        }
        #expect(await eventually { hasBroker.withLockedValue { $0 } })
        run.cancel()
        await #expect(throws: (any Error).self) { try await run.value }
        #expect(!FileManager.default.fileExists(atPath: directory.file("run")))
    }

    @Test("P1: changes that waited in one journal are applied and verified at every subscriber")
    func bulk() async throws {
        let profile = profile {
            $0.kind = .bulk
            $0.hies = 3
            $0.bulkChanges = 3000
        }
        let result = try await LoadRun(settings(profile)) { _ in }.run()
        let waited = result.accounting.acknowledged
        #expect(waited >= 3000 && waited < 3100 && result.accounting.attempted == waited)
        #expect(result.accounting.applied == 2 * waited)
        #expect((result.rates["bulk"]?.count ?? 0) == waited && (result.rates["applied"]?.count ?? 0) == 2 * waited)
        #expect(result.processes.map(\.name).contains("worker barts"))
        #expect(result.passed, "\(result.remarks)")
    }

    @Test("workers that run are put under load and are left running")
    func running() async throws {
        let topology = directory.file("topology.yaml")
        let one = try RunTopology(
            Topology.load(path: "\(packageDirectory)/Topology/onelondon-complete.yaml"), hies: 1, brokers: 1)
        try one.placed(on: ["amqp://127.0.0.1:1"]).yaml.write(toFile: topology, atomically: true, encoding: .utf8)
        let worker = try await WorkerProcess.start(
            ["--topology", topology, "--hie", "barts", "--data", directory.file("barts"), "--log-level", "warning"],
            log: directory.file("barts"))
        let barts = try #require(HIEIdentifier("barts"))
        let target = try #require(LoadTarget(hie: barts, url: worker.url))
        let profile = profile {
            $0.hies = 1
            $0.durationMilliseconds = 2000
        }
        let settings = try LoadRunSettings(
            profile: profile, workers: .running([target], connected: [barts], brokerURL: nil),
            executable: WorkerProcess.executable, directory: directory.file("run"), version: "1")
        let result = try await LoadRun(settings) { _ in }.run()
        #expect(result.processes.map(\.name) == ["generator"] && result.environment.brokers == 0)
        #expect(worker.isRunning)
        #expect(try await worker.terminate() == 0)
    }
}
