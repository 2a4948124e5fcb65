import Foundation
import LoadTest
import TestSupport
import Testing

/// Three HIEs, each with a worker process, in a virtual host of their own on the broker that may be broken.
final class FaultMesh: Sendable {
    static let hies = ["barts", "homerton", "kingston"]
    static let pulseInterval = "500ms"

    let broker: PrivateBroker
    let directory: TemporaryDirectory
    let brokerURL: String
    private let workers = WorkerSeats()

    /// With `declares` the broker has the topology's objects before any worker starts.
    init(declares: Bool = true) async throws {
        broker = try await BreakableBroker.shared.value()
        brokerURL = try await broker.makeVirtualHost().url
        directory = try TemporaryDirectory()
        try Self.yaml.write(toFile: directory.file("mesh.yaml"), atomically: true, encoding: .utf8)
        if declares { try await applyTopology() }
    }

    func applyTopology() async throws {
        try await Subprocess.run(
            WorkerProcess.executable,
            ["topology", "apply", "--topology", directory.file("mesh.yaml"), "--broker-url", brokerURL])
    }

    /// Starts the worker of `hie`, on the files of an earlier one where there was one.
    func start(_ hie: String) async throws {
        let worker = try await WorkerProcess.start(
            [
                "--topology", directory.file("mesh.yaml"), "--hie", hie, "--data", data(of: hie),
                "--broker-url", brokerURL, "--pulse-interval", Self.pulseInterval, "--log-level", "warning",
            ], log: directory.file(hie))
        await workers.set(hie, worker)
    }

    func startAll() async throws {
        for hie in Self.hies { try await start(hie) }
    }

    /// SIGKILL to the worker of `hie`.
    func kill(_ hie: String) async throws {
        try await workers.worker(hie)?.kill()
    }

    /// SIGSTOP to the worker of `hie`: its connections stay open and nothing answers.
    func pause(_ hie: String) async { await workers.worker(hie)?.pause() }
    func resume(_ hie: String) async { await workers.worker(hie)?.resume() }

    /// SIGTERM to every worker; each must end well.
    func stopAll() async throws {
        for hie in Self.hies { try await stop(hie) }
    }

    func stop(_ hie: String) async throws {
        let status = try await workers.worker(hie)?.terminate()
        #expect(status == 0, "the worker of \(hie) ends well")
    }

    func client(_ hie: String) async throws -> WorkerAPI {
        guard let worker = await workers.worker(hie) else {
            throw WorkerAPI.Refused(description: "\(hie) was not started")
        }
        return WorkerAPI(url: worker.url)
    }

    func data(of hie: String) -> String { directory.file("\(hie)-data") }

    /// What the worker of `hie` wrote to its log, for the report of a failure.
    func log(of hie: String) -> String {
        (try? String(contentsOfFile: directory.file("\(hie).err"), encoding: .utf8)) ?? ""
    }

    private static let yaml = """
        name: Mesh
        regions:
          - id: nel
            name: North East London
            partnership: Record
            broker: { addresses: ["amqp://127.0.0.1:1"] }
            hies:
              - { id: barts, name: Barts, status: connected, sites: [{ name: A, service: acute }] }
              - { id: homerton, name: Homerton, status: connected, sites: [{ name: B, service: acute }] }
          - id: swl
            name: South West London
            partnership: Record
            broker: { addresses: ["amqp://127.0.0.1:2"] }
            hies:
              - { id: kingston, name: Kingston, status: connected, sites: [{ name: C, service: acute }] }
        """
}

/// Who runs at present.
private actor WorkerSeats {
    private var workers: [String: WorkerProcess] = [:]

    func worker(_ hie: String) -> WorkerProcess? { workers[hie] }
    func set(_ hie: String, _ worker: WorkerProcess) { workers[hie] = worker }
}
