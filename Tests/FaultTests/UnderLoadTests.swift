import AMQP
import CareRecord
import Foundation
import LoadTest
import NIOConcurrencyHelpers
import TestSupport
import Testing

extension FaultTests {
    /// The driver against a real broker and two real workers. Among the last tests: what it times needs the cores.
    @Suite("of a load test") struct UnderLoadTests {}
}

extension FaultTests.UnderLoadTests {
    private static var profile: LoadProfile {
        var profile = LoadProfile(name: "test", about: "Two workers for some seconds.")
        profile.seed = 11
        profile.hies = 2
        profile.patients = 40
        profile.warmUpMilliseconds = 500
        profile.durationMilliseconds = 8000
        profile.changes = LoadProfile.Changes(perSecond: 60)
        profile.changes?.batch = 3
        profile.lookupsPerSecond = 60
        profile.queries = LoadProfile.Queries(perSecond: 4)
        return profile
    }

    private static func result(_ profile: LoadProfile, _ driver: LoadDriver) -> LoadResult {
        let environment = LoadEnvironment(
            versions: [:], cores: 1, memoryMebibytes: 1, queueType: "", durability: "", commit: nil,
            seed: profile.seed, hies: 2, brokers: 1)
        var result = LoadResult(profile: profile, startedAt: "", environment: environment)
        result.passed = true
        driver.fill(&result)
        return result
    }

    /// The generator itself may be late: it shares its cores with other tests.
    private static func isBlameless(_ result: LoadResult) -> Bool {
        result.passed || result.remarks.contains { $0.hasPrefix("the generator could not keep up") }
    }

    @Test("a stopped worker is seen and not blamed, nothing is lost (P1, P2), and every clock tells")
    func stoppedWorker() async throws {
        let mesh = try await DrivenMesh()
        var profile = Self.profile
        profile.badMessagesPerSecond = 2
        let driver = LoadDriver(
            profile: profile, targets: try mesh.targets, connected: mesh.hies, amqpEndpoints: mesh.endpoints)
        let loaded = Samples<Double>()
        try await driver.preload { loaded.append($0) }
        #expect(loaded.all.last == 1 && loaded.all == loaded.all.sorted())
        #expect(driver.haveReached(driver.heads()) && driver.heads().values.allSatisfy { $0 > 100 })
        let samples = Samples<LoadSample>()
        let fault = LoadProfile.Fault(
            kind: .pauseWorker, target: "homerton", atMilliseconds: 2000, durationMilliseconds: 4000)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await driver.run { samples.append($0) } }
            group.addTask {
                _ = await eventually { samples.all.count >= 2 }
                driver.faultBegan(fault)
                mesh.workers[1].pause()
                _ = await eventually { samples.all.count >= 6 }
                mesh.workers[1].resume()
                driver.faultEnded(fault)
            }
            try await group.waitForAll()
        }
        try await driver.verify(secondsMax: 120)
        let result = Self.result(profile, driver)
        let accounting = result.accounting
        #expect(Self.isBlameless(result), "\(result.remarks)")
        #expect(accounting.attempted == 510 && accounting.unknown <= 48, "\(accounting)")
        #expect(accounting.acknowledged + accounting.unknown == accounting.attempted, "\(accounting) \(result.remarks)")
        #expect(accounting.lost == 0 && accounting.stale == 0 && accounting.duplicated == 0)
        #expect(accounting.applied > 250 && accounting.wrongCoverage == 0)
        #expect(Set(result.latencies.keys) == Set(LoadResult.Clock.allCases.map(\.rawValue)))
        let replication = try #require(result.latencies["replication"])
        // What was committed just before the stop waited for its end.
        #expect(replication.corrected.max > 2000 && replication.corrected.count > 400)
        #expect(replication.corrected.p50 >= replication.uncorrected.p50)
        #expect(result.remarks.contains { $0.hasSuffix("lookups were skipped: a fault had stopped their worker") })
        #expect(samples.all == result.samples && samples.all.count == 8)
        #expect(samples.all.contains { $0.peers.contains("barts: homerton silent") })
        #expect(samples.all.contains { ($0.backlog["homerton"] ?? 0) > 0 })
        #expect(accounting.held >= 10, "\(accounting)")
        let lookups = try #require(result.rates["lookups"])
        #expect(abs(lookups.achieved - (lookups.intended ?? 0)) < 3 && lookups.count < 480)
        #expect(result.peers.map(\.hie) == ["barts", "homerton"] && result.peers.allSatisfy { $0.applied > 0 })
    }

    @Test("the check finds a change that is lost, an older version and a record that stands twice")
    func tampered() async throws {
        let mesh = try await DrivenMesh()
        var profile = Self.profile
        profile.durationMilliseconds = 3000
        let driver = LoadDriver(
            profile: profile, targets: try mesh.targets, connected: mesh.hies, amqpEndpoints: [:])
        try await driver.preload { _ in }
        try await driver.run { _ in }
        try await driver.verify(secondsMax: 120)
        let sound = Self.result(profile, driver)
        #expect(Self.isBlameless(sound) && sound.accounting.applied > 60, "\(sound.remarks)")
        try await mesh.tamper(
            "homerton",
            """
            CREATE TEMP TABLE made AS SELECT entry.* FROM entry JOIN source ON source.id = entry.source
                WHERE hie = 'barts' AND entry.id LIKE '%-s%' ORDER BY entry.id LIMIT 6;
            DELETE FROM entry WHERE id IN (SELECT id FROM made LIMIT 3);
            UPDATE entry SET date = '2001-01-01T08:00:00Z' WHERE id IN (SELECT id FROM made LIMIT 2 OFFSET 3);
            UPDATE made SET type = 'Other';
            INSERT INTO entry SELECT * FROM made LIMIT 1 OFFSET 5;
            """)
        try await driver.verify(secondsMax: 120)
        let result = Self.result(profile, driver)
        #expect(result.accounting.lost == 3 && result.accounting.stale == 2 && result.accounting.duplicated == 1)
        #expect(!result.passed && result.accounting.applied == sound.accounting.applied - 6)
    }
}

/// What came, in order.
private final class Samples<Value: Sendable>: Sendable {
    private let values = NIOLockedValueBox<[Value]>([])
    var all: [Value] { values.withLockedValue { $0 } }
    func append(_ value: Value) { values.withLockedValue { $0.append(value) } }
}

/// Two workers on a virtual host of their own.
private struct DrivenMesh {
    let hies = ["barts", "homerton"].compactMap { HIEIdentifier($0) }
    let directory: TemporaryDirectory
    let workers: [WorkerProcess]
    private let host: PrivateBroker.VirtualHost

    init() async throws {
        directory = try TemporaryDirectory()
        host = try await PrivateBroker.shared().makeVirtualHost()
        let yaml = """
            name: Mesh
            regions:
              - id: nel
                name: North East London
                partnership: Record
                broker: { addresses: ["amqp://127.0.0.1:1"] }
                hies:
                  - { id: barts, name: Barts, status: connected, sites: [{ name: A, service: acute }] }
                  - { id: homerton, name: Homerton, status: connected, sites: [{ name: B, service: acute }] }
            """
        let file = directory.file("mesh.yaml")
        try yaml.write(toFile: file, atomically: true, encoding: .utf8)
        try await Subprocess.run(
            WorkerProcess.executable, ["topology", "apply", "--topology", file, "--broker-url", host.url])
        var workers: [WorkerProcess] = []
        for hie in hies {
            workers.append(
                try await WorkerProcess.start(
                    [
                        "--topology", file, "--hie", hie.text, "--data", directory.file("\(hie)-data"),
                        "--broker-url", host.url, "--pulse-interval", "500ms", "--log-level", "warning",
                    ], log: directory.file(hie.text)))
        }
        self.workers = workers
    }

    var targets: [LoadTarget] {
        get throws {
            try zip(hies, workers).map { hie, worker in
                let port = try #require(URL(string: worker.url)?.port)
                return LoadTarget(hie: hie, host: "127.0.0.1", port: port)
            }
        }
    }

    var endpoints: [HIEIdentifier: Endpoint] {
        Dictionary(uniqueKeysWithValues: hies.map { ($0, host.endpoint) })
    }

    /// Changes a worker's index behind its back.
    func tamper(_ hie: String, _ sql: String) async throws {
        try await Subprocess.run(
            "/usr/bin/sqlite3",
            ["-cmd", ".timeout 10000", directory.file("\(hie)-data/index.sqlite"), "BEGIN IMMEDIATE; \(sql) COMMIT;"])
    }
}
