import CareRecord
import Foundation
import TestSupport
import Testing
import Topology

@testable import LoadTest

/// Real brokers and worker processes: they share one machine with each other, so one test at a time.
@Suite("A mesh of a run's own", .serialized, .timeLimit(.minutes(10)))
struct LoadMeshTests {
    private let directory: TemporaryDirectory
    private let mesh: LoadMesh
    private let barts: HIEIdentifier
    private let homerton: HIEIdentifier

    init() throws {
        directory = try TemporaryDirectory()
        barts = try #require(HIEIdentifier("barts"))
        homerton = try #require(HIEIdentifier("homerton"))
        var profile = LoadProfile(name: "test", about: "")
        profile.hies = 2
        mesh = try LoadMesh(
            profile, of: Topology.load(path: "\(packageDirectory)/Topology/onelondon-complete.yaml"),
            brokers: .started(script: PrivateBroker.script), executable: WorkerProcess.executable,
            directory: directory.file("mesh"))
    }

    private func start() async throws {
        try await mesh.startBrokers { _ in }
        try await mesh.startWorkers([barts, homerton]) { _ in }
    }

    private func fault(_ kind: LoadProfile.Fault.Kind, _ target: String) -> LoadProfile.Fault {
        .init(kind: kind, target: target, atMilliseconds: 0, durationMilliseconds: nil)
    }

    /// `T` for a process that stands still; `nil` for one that is gone.
    private func state(_ name: String) async -> Character? {
        guard let pid = await mesh.processes().first(where: { $0.name == name })?.pid else { return nil }
        let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        return stat?.split(separator: ")").last?.first { $0 != " " }
    }

    /// Submits a patient at barts; returns whether homerton shows the patient in time.
    private func travels(_ n: Int64) async throws -> Bool {
        let number = FHIRFixture.number(n)
        let patient =
            #"{"resourceType":"Patient","id":"p\#(n)","identifier":["#
            + #"{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"\#(number.text)"}]}"#
        let reply = try await PlainRequest.send(
            .post(contentType: "application/fhir+json", body: Array(patient.utf8)), "/fhir",
            to: try await mesh.target(of: barts))
        try #require((200..<300).contains(reply.status), "\(String(decoding: reply.body, as: UTF8.self))")
        return try await isShown(n)
    }

    private func isShown(_ n: Int64) async throws -> Bool {
        let target = try await mesh.target(of: homerton)
        return await eventually {
            let json = try? await PlainRequest.json("/api/patients/\(FHIRFixture.number(n).text)", of: target)
            return json?["entries"]?.elements?.isEmpty == false
        }
    }

    /// Runs the body and stops everything; nothing that was started may be left.
    private func whileRunning(_ body: () async throws -> Void) async throws {
        let pids: [pid_t]
        do {
            try await start()
            pids = await mesh.processes().map(\.pid)
            #expect(await mesh.processes().map(\.name) == ["worker barts", "worker homerton", "broker-1"])
            try await body()
        } catch {
            _ = await mesh.stop()
            throw error
        }
        let all = await mesh.processes().map(\.pid) + pids
        #expect(await mesh.stop() == [])
        #expect(all.allSatisfy { ProcessReading(pid: $0) == nil })
    }

    @Test("it has exactly the run's HIEs, changes travel, and nothing is left of it; faults of workers begin and end")
    func workers() async throws {
        try await whileRunning {
            let peers = try await PlainRequest.json("/api/peers", of: mesh.target(of: barts))
            #expect(peers["peers"]?.elements?.compactMap { $0["hie"]?.text } == ["homerton"])
            #expect(try await travels(1))

            let pause = fault(.pauseWorker, "homerton")
            try await mesh.begin(pause)
            #expect(await eventually { await state("worker homerton") == "T" })
            #expect(try await mesh.end(pause) == nil)
            #expect(try await travels(2))

            let slow = fault(.slowWorker, "homerton")
            try await mesh.begin(slow)
            #expect(await eventually { await state("worker homerton") == "T" })
            try await mesh.release(slow)
            #expect(await eventually { await state("worker homerton") != "T" })
            try await mesh.hold(slow)
            #expect(await eventually { await state("worker homerton") == "T" })
            #expect(try await mesh.end(slow) == nil)
            #expect(try await travels(3))

            let kill = fault(.killWorker, "homerton")
            try await mesh.begin(kill)
            #expect(await mesh.processes().map(\.name) == ["worker barts", "broker-1"])
            #expect(await mesh.casualties() == [])
            let moved = try #require(try await mesh.end(kill))
            #expect(moved.hie == homerton)
            #expect(moved.port == (try await mesh.target(of: homerton)).port)
            // Its files are those it had.
            #expect(try await isShown(1))
            #expect(try await travels(4))

            let pid = try #require(await mesh.processes().first { $0.name == "worker barts" }?.pid)
            #expect(await mesh.casualties() == [])
            #expect(Foundation.kill(pid, SIGKILL) == 0)
            #expect(await eventually { await mesh.casualties() == ["the worker of barts ended by itself"] })
        }
    }

    @Test("faults of brokers begin and end, and what was confirmed is there after a kill")
    func brokers() async throws {
        try await whileRunning {
            let pause = fault(.pauseBroker, "broker-1")
            try await mesh.begin(pause)
            #expect(await eventually { await state("broker-1") == "T" })
            _ = try await mesh.end(pause)
            #expect(try await travels(1))

            let alarm = fault(.memoryAlarm, "broker-1")
            let broker = try #require(await mesh.anyBroker)
            try await mesh.begin(alarm)
            #expect(await eventually { (try? await broker.eval("rabbit_alarm:get_alarms()."))?.count ?? 0 > 3 })
            _ = try await mesh.end(alarm)
            #expect(try await travels(2))

            for (n, kind) in [LoadProfile.Fault.Kind.killBroker, .restartBroker].enumerated() {
                try await mesh.begin(fault(kind, "broker-1"))
                #expect(await state("broker-1") == nil)
                _ = try await mesh.end(fault(kind, "broker-1"))
                #expect(await state("broker-1") != nil)
                #expect(try await travels(Int64(3 + n)))
            }
        }
    }

    @Test("a worker out of reach of any broker keeps its changes until it is started with its brokers")
    func lonely() async throws {
        do {
            try await mesh.startBrokers { _ in }
            try await mesh.startWorker(barts, reach: .nobody)
            let path = "/api/peers"
            let own = try await PlainRequest.json(path, of: mesh.target(of: barts))["own"]
            #expect(own?["publishedThrough"]?.integer == 0)
            try await mesh.stopWorker(barts)
            #expect(await mesh.processes().map(\.name) == ["broker-1"])
            try await mesh.startWorkers([barts, homerton]) { _ in }
            #expect(try await travels(1))
        } catch {
            _ = await mesh.stop()
            throw error
        }
        #expect(await mesh.stop() == [])
    }

    @Test("a broker script that fails says why, and what was started before is stopped")
    func failing() async throws {
        let script = directory.file("broker")
        try "#!/bin/sh\necho 'rabbitmq-server is not installed: run Scripts/setup' >&2\nexit 1\n"
            .write(toFile: script, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        var profile = LoadProfile(name: "test", about: "")
        profile.hies = 2
        let mesh = try LoadMesh(
            profile, of: Topology.load(path: "\(packageDirectory)/Topology/onelondon-complete.yaml"),
            brokers: .started(script: script), executable: WorkerProcess.executable, directory: directory.file("bad"))
        await #expect {
            try await mesh.startBrokers { _ in }
        } throws: {
            "\($0)".contains("rabbitmq-server is not installed: run Scripts/setup")
        }
        #expect(await mesh.stop() == [])
    }
}
