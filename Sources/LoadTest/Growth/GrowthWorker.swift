import CareRecord
import Foundation

/// A worker process that holds an index of several HIEs and has no broker. It is an HIE of its own: what an index holds
/// of the worker's own HIE is compared with its records.
struct GrowthWorker {
    private static let hie = "growth"
    /// For the first count of all rows.
    private static let auditSecondsMax = 600
    private static let pollMilliseconds = 100

    let target: LoadTarget
    private let process: WorkerProcess

    /// Starts on a data directory and waits until the worker has counted the rows of the index, as it does at each
    /// start.
    static func start(_ wherry: String, holding directory: String, of hies: [HIEIdentifier]) async throws
        -> GrowthWorker
    {
        let topology = directory + ".yaml"
        try Data(Self.topology(hies).utf8).write(to: URL(filePath: topology))
        let process = try await WorkerProcess.start(
            executable: wherry,
            [
                "--topology", topology, "--hie", hie, "--data", directory, "--broker-url", "amqp://127.0.0.1:1",
                "--log-level", "error",
            ], log: directory)
        do {
            guard let hie = HIEIdentifier(hie), let address = URL(string: process.url), let host = address.host(),
                let port = address.port
            else { throw LoadTestError(.worker, "the worker serves nowhere: \(process.url)") }
            let worker = GrowthWorker(target: LoadTarget(hie: hie, host: host, port: port), process: process)
            try await worker.audited(hies.count + 1)
            return worker
        } catch {
            await process.end()
            throw error
        }
    }

    private init(target: LoadTarget, process: WorkerProcess) {
        self.target = target
        self.process = process
    }

    var residentMebibytes: Double { ProcessReading(pid: process.pid)?.residentMebibytes ?? 0 }

    func end() async { await process.end() }

    /// Waits until so many sources were counted.
    private func audited(_ count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(Self.auditSecondsMax)
        while try await audits() < count {
            guard ContinuousClock.now < deadline else {
                throw LoadTestError(.timedOut, "the worker did not count its index within \(Self.auditSecondsMax) s")
            }
            try await Task.sleep(for: .milliseconds(Self.pollMilliseconds))
        }
    }

    private func audits() async throws -> Int {
        let text = try await Baselines.answer(of: target, path: "/metrics")
        let name = "wherry_index_audits_total "
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return line.flatMap { Int($0.dropFirst(name.count)) } ?? 0
    }

    private static func topology(_ hies: [HIEIdentifier]) -> String {
        let all = (hies.map(\.text) + [hie]).map { hie in
            "      - {id: \(hie), name: \(hie), status: connected, sites: [{name: \(hie), service: acute}]}\n"
        }
        return """
            name: Growth
            regions:
              - id: growth
                name: Growth
                partnership: Growth
                broker:
                  addresses: ["amqp://127.0.0.1:1"]
                hies:
            \(all.joined())
            """
    }
}
