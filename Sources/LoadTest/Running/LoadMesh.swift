package import AMQP
package import CareRecord
package import Foundation
import Logging
package import Topology

/// The brokers and workers of one run, on loopback, with their files in one directory. Whoever starts it stops it.
package actor LoadMesh {
    /// Processes that are started at the same time.
    private static let startsAtOnceMax = 3
    private static let readySecondsMax: Double = 90
    private static let readyPollInterval = Duration.milliseconds(50)
    /// No broker listens there.
    private static let nowhere = "amqp://127.0.0.1:1"

    package let topology: RunTopology
    private let source: LoadRunSettings.Brokers
    private let profile: LoadProfile
    private let executable: String
    private let directory: String
    private var brokers: [Int: PrivateBroker] = [:]
    private var workers: [HIEIdentifier: WorkerProcess] = [:]
    /// Workers and brokers that a fault has ended.
    private var felled: Set<String> = []

    package init(
        _ profile: LoadProfile, of topology: Topology, brokers: LoadRunSettings.Brokers, executable: String,
        directory: String
    ) throws(LoadTestError) {
        self.profile = profile
        self.executable = executable
        self.directory = directory
        source = brokers
        let count =
            switch brokers {
            case .started: profile.brokers
            case .running: 1
            }
        self.topology = try RunTopology(topology, hies: profile.hies, brokers: count)
    }

    // MARK: Brokers

    /// Starts the private brokers and declares what the topology asks for on every broker.
    package func startBrokers(onStart: @escaping @Sendable (String) -> Void) async throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        switch source {
        case .running: break
        case .started(let script):
            onStart(profile.brokers == 1 ? "a private broker" : "\(profile.brokers) private brokers")
            let directory = directory
            try await inTurns(Array(0..<profile.brokers)) { index in
                let broker = try await PrivateBroker.start(script: script, in: "\(directory)/broker-\(index + 1)")
                await self.keep(broker, index)
            }
        }
        let placed = topology.placed(on: try addresses)
        try placed.yaml.write(toFile: topologyFile, atomically: true, encoding: .utf8)
        try await declare(placed)
    }

    private func keep(_ broker: PrivateBroker, _ index: Int) { brokers[index] = broker }

    private var topologyFile: String { "\(directory)/topology.yaml" }

    /// Without credentials.
    private var addresses: [String] {
        get throws {
            switch source {
            case .running(let url): ["amqp://\(try Endpoint(url: url).address)"]
            case .started: try (0..<profile.brokers).map { "amqp://\(try privateBroker($0).endpoint.address)" }
            }
        }
    }

    private var brokerURL: String? {
        switch source {
        case .running(let url): url
        case .started: nil
        }
    }

    /// As `wherry topology apply` does it; and on the disk of private brokers, so that they may be killed at once.
    private func declare(_ topology: Topology) async throws {
        var logger = Logger(label: "wherry.load")
        logger.logLevel = .warning
        for link in topology.links(brokerURL: brokerURL) {
            let refusals = try await BrokerDeclarations.with(link, access: BrokerAccess(), logger: logger) {
                declarations throws(TopologyError) in
                try await declarations.declare(BrokerObjects(topology: topology, link: link))
            }
            if let refusal = refusals.first { throw refusal }
        }
        for broker in brokers.values { try await broker.keepDeclarations() }
    }

    /// Of an HIE's region.
    package func endpoint(of hie: HIEIdentifier) throws -> Endpoint {
        switch source {
        case .running(let url): try Endpoint(url: url)
        case .started: try privateBroker(topology.broker(of: hie)).endpoint
        }
    }

    /// The first of the private ones, to ask about; `nil` where there are none.
    package var anyBroker: PrivateBroker? { brokers[0] }

    private func privateBroker(_ index: Int) throws(LoadTestError) -> PrivateBroker {
        guard let broker = brokers[index] else { throw LoadTestError(.broker, "broker-\(index + 1) was not started") }
        return broker
    }

    // MARK: Workers

    /// Starts the workers of these HIEs and waits until each is ready.
    package func startWorkers(
        _ hies: [HIEIdentifier], onStart: @escaping @Sendable (String) -> Void
    ) async throws {
        try await inTurns(hies) { hie in
            onStart("the worker of \(hie)")
            try await self.startWorker(hie)
        }
        for hie in hies { try await waitUntilReady(hie) }
    }

    /// Starts a worker on its own files; one that runs is left as it is. Returns where it serves.
    @discardableResult
    package func startWorker(_ hie: HIEIdentifier, reach: Reach = .brokers) async throws -> LoadTarget {
        if let worker = workers[hie], worker.isRunning { return try target(of: hie) }
        var arguments = [
            "--topology", topologyFile, "--hie", hie.text, "--data", "\(directory)/\(hie)", "--log-level", "warning",
        ]
        switch reach {
        case .brokers: if let brokerURL { arguments += ["--broker-url", brokerURL] }
        case .nobody: arguments += ["--broker-url", Self.nowhere]
        }
        if let changes = profile.messageChangesMax { arguments += ["--message-changes", String(changes)] }
        workers[hie] = try await WorkerProcess.start(executable: executable, arguments, log: "\(directory)/\(hie)")
        return try target(of: hie)
    }

    /// Whom a worker can reach.
    package enum Reach: Sendable {
        case brokers
        /// Its changes stay in its journal.
        case nobody
    }

    /// SIGTERM; what it accepted stays in its files.
    package func stopWorker(_ hie: HIEIdentifier) async throws {
        try await worker(hie).terminate()
        workers[hie] = nil
    }

    package func target(of hie: HIEIdentifier) throws(LoadTestError) -> LoadTarget {
        let url = try worker(hie).url
        guard let target = LoadTarget(hie: hie, url: url) else {
            throw LoadTestError(.worker, "the worker of \(hie) says that it listens on \(url)")
        }
        return target
    }

    package func targets() throws(LoadTestError) -> [LoadTarget] {
        var targets: [LoadTarget] = []
        for hie in topology.hies { targets.append(try target(of: hie)) }
        return targets
    }

    private func worker(_ hie: HIEIdentifier) throws(LoadTestError) -> WorkerProcess {
        guard let worker = workers[hie] else { throw LoadTestError(.worker, "the worker of \(hie) was not started") }
        return worker
    }

    /// A worker that serves lookups without its brokers is not ready here.
    private func waitUntilReady(_ hie: HIEIdentifier) async throws {
        let target = try target(of: hie)
        let deadline = ContinuousClock.now + .seconds(Self.readySecondsMax)
        var said = "it does not answer"
        while ContinuousClock.now < deadline {
            if let reply = try? await PlainRequest.send(.get, "/readyz", to: target) {
                let json = try? JSON.parse(reply.body)
                if json?["status"]?.text == "ready" { return }
                said = json?["reasons"]?.elements?.first?["reason"]?.text ?? "it answers with status \(reply.status)"
            }
            try await Task.sleep(for: Self.readyPollInterval)
        }
        throw LoadTestError(
            .timedOut, "the worker of \(hie) was not ready within \(Int(Self.readySecondsMax)) s: \(said)")
    }

    /// Some at a time. What was begun is ended before an error is thrown.
    private func inTurns<Element: Sendable>(
        _ elements: [Element], _ act: @escaping @Sendable (Element) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, element) in elements.enumerated() {
                if index >= Self.startsAtOnceMax { try await group.next() }
                group.addTask { try await act(element) }
            }
            try await group.waitForAll()
        }
    }

    // MARK: The end

    /// Ends whatever was started, and is not stopped by the caller's cancellation. Returns what did not end as it
    /// should, in sentences; it ends with this process.
    package func stop() async -> [String] {
        await withTaskGroup { group in
            for worker in workers.values { group.addTask { await worker.end() } }
        }
        workers = [:]
        var remarks: [String] = []
        for (index, broker) in brokers.sorted(by: { $0.key < $1.key }) {
            do {
                try await broker.stop()
            } catch {
                remarks.append("broker-\(index + 1) could not be stopped: \(error.reason)")
            }
        }
        brokers = [:]
        return remarks
    }

    // MARK: What runs

    /// The processes that run, by the names that a result shows.
    package func processes() -> [(name: String, pid: pid_t)] {
        var running: [(name: String, pid: pid_t)] = []
        for hie in topology.hies {
            guard let worker = workers[hie], worker.isRunning else { continue }
            running.append(("worker \(hie)", worker.pid))
        }
        for (index, broker) in brokers.sorted(by: { $0.key < $1.key }) {
            if let pid = broker.pid { running.append(("broker-\(index + 1)", pid)) }
        }
        return running
    }

    /// What ended without being told to, in sentences.
    package func casualties() -> [String] {
        var sentences: [String] = []
        for (hie, worker) in workers.sorted(by: { $0.key < $1.key }) where !worker.isRunning {
            guard !felled.contains(hie.text) else { continue }
            sentences.append("the worker of \(hie) ended by itself")
        }
        for (index, broker) in brokers.sorted(by: { $0.key < $1.key }) where broker.pid == nil {
            guard !felled.contains("broker-\(index + 1)") else { continue }
            sentences.append("broker-\(index + 1) ended by itself")
        }
        return sentences
    }

    // MARK: Faults

    /// What a fault does to its target when it begins.
    package func begin(_ fault: LoadProfile.Fault) async throws {
        switch fault.kind {
        case .pauseWorker, .slowWorker: try workerOf(fault).pause()
        case .killWorker:
            felled.insert(fault.target)
            try await workerOf(fault).kill()
        case .pauseBroker: try brokerOf(fault).pause()
        case .killBroker:
            felled.insert(fault.target)
            try await brokerOf(fault).kill()
        case .restartBroker:
            felled.insert(fault.target)
            try await brokerOf(fault).stop()
        case .memoryAlarm: try await brokerOf(fault).setMemoryAlarm(true)
        }
    }

    /// What undoes it. Returns where a worker serves that was started again.
    package func end(_ fault: LoadProfile.Fault) async throws -> LoadTarget? {
        switch fault.kind {
        case .pauseWorker, .slowWorker: try workerOf(fault).resume()
        case .killWorker:
            let target = try await startWorker(try hieOf(fault))
            felled.remove(fault.target)
            return target
        case .pauseBroker: try brokerOf(fault).resume()
        case .killBroker, .restartBroker:
            try await brokerOf(fault).restart()
            felled.remove(fault.target)
        case .memoryAlarm: try await brokerOf(fault).setMemoryAlarm(false)
        }
        return nil
    }

    /// Lets a worker that a fault slows go on for a while, or stand still again.
    package func hold(_ fault: LoadProfile.Fault) throws { try workerOf(fault).pause() }
    package func release(_ fault: LoadProfile.Fault) throws { try workerOf(fault).resume() }

    private func hieOf(_ fault: LoadProfile.Fault) throws(LoadTestError) -> HIEIdentifier {
        guard let hie = HIEIdentifier(fault.target) else {
            throw LoadTestError(.refused, "\(fault.target) is no HIE")
        }
        return hie
    }

    private func workerOf(_ fault: LoadProfile.Fault) throws(LoadTestError) -> WorkerProcess {
        try worker(try hieOf(fault))
    }

    private func brokerOf(_ fault: LoadProfile.Fault) throws(LoadTestError) -> PrivateBroker {
        guard let number = Int(fault.target.dropFirst("broker-".count)) else {
            throw LoadTestError(.refused, "\(fault.target) is no broker")
        }
        return try privateBroker(number - 1)
    }
}
