import AMQP
import CareRecord
import Foundation
import LoadTest
import Logging
import Replication
import TestSupport
import Testing

/// A worker with dead letters of every cause, over a real broker: what the runbook's commands are typed at.
struct RunbookMesh {
    struct Result: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Letters of each cause that wait before commands are run: more than one, so that a replay takes its time.
    private static let fillsMax = 6
    private static let fillSecondsMax = 10.0
    private static let lettersOfCause = 4
    private static let commandSecondsMax = 60

    private let worker: WorkerProcess
    private let topology: String
    private let endpoint: Endpoint
    private let directory: TemporaryDirectory
    private let logger: Logger
    /// The last number of the journal that the bad messages pretend to come from.
    private var seq: Int64 = 1

    init() async throws {
        let broker = try await PrivateBroker.shared(hasManagement: true)
        let host = try await broker.makeVirtualHost()
        let management = try #require(broker.managementURL)
        directory = try TemporaryDirectory()
        endpoint = host.endpoint
        logger = Logger(label: "runbook") { _ in SwiftLogNoOpLogHandler() }
        topology = try Files.write(
            Self.topology(port: try broker.port, virtualHost: host.name, management: management), "topology.yaml",
            in: directory)
        let applied = try await WherryProcess.run("topology", "apply", "--topology", topology)
        try #require(applied.status == 0, "\(applied.errors)")
        worker = try await WorkerProcess.start("barts", topology: topology, data: directory.file("barts"))
        // From here on the worker knows the journal.
        try await publish([BadMessage(seq: seq).good])
        let url = worker.url
        let isKnown = try await eventually {
            let accounts = try await Self.json("status", "--from", url)["accounts"]?.elements ?? []
            let account = accounts.first { $0["hie"]?.text == BadMessage.source.text }
            return account?["applied"]?.integer == 1
        }
        try #require(isKnown)
    }

    /// Sees to it that letters of every cause wait. A replay that an earlier command has started may go on and take some
    /// away meanwhile: then more are sent.
    mutating func fill() async throws {
        var counts: [String: Int] = [:]
        for _ in 1...Self.fillsMax {
            try await send(lettersBeside: try await waiting())
            let isFull = try await eventually(within: Self.fillSecondsMax) {
                counts = try await self.waiting()
                return Rejection.Cause.allCases.allSatisfy { counts[$0.rawValue] ?? 0 >= Self.lettersOfCause }
            }
            if isFull { return }
        }
        Issue.record("there are not letters of every cause: \(counts)")
    }

    private mutating func send(lettersBeside waiting: [String: Int]) async throws {
        var outgoing: [Outgoing] = []
        var lines = ""
        for cause in Rejection.Cause.allCases {
            for _ in 0..<max(0, Self.lettersOfCause - (waiting[cause.rawValue] ?? 0)) {
                seq += 1
                switch BadMessage(seq: seq).way(to: cause) {
                case .publish(let message): outgoing.append(message)
                case .take(let line): lines += line
                }
            }
        }
        if !outgoing.isEmpty { try await publish(outgoing) }
        guard !lines.isEmpty else { return }
        let taken = try await WherryProcess.run(
            "deadletters", "import", "-", "--operator", "Ann", "--from", worker.url, input: lines)
        try #require(taken.status == 0, "\(taken.errors)")
    }

    /// Runs commands as an operator would who stops at the first that fails, in an empty directory.
    func run(_ commands: String) async throws -> Result {
        let place = try TemporaryDirectory()
        let results = try TemporaryDirectory()
        let programs = URL(filePath: LoadTest.WorkerProcess.executable).deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let (output, errors) = (results.file("output"), results.file("errors"))
        // `timeout` ends the shell and everything that it has started.
        let process = try ChildProcess(
            "/usr/bin/timeout",
            [
                "--kill-after=5", "\(Self.commandSecondsMax)", "/bin/bash", "-c",
                "set -euo pipefail\n\(commands)\n",
            ],
            environment: [
                "WORKER": worker.url, "TOPOLOGY": topology, "NUMBER": FHIRFixture.number(1).text, "USER": "ann",
                "PATH": "\(programs):\(path)", "WHERRY_TABLES": "",
            ],
            directory: place.path, output: output, errors: errors)
        let status = await process.ended()
        return Result(
            status: status, output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }

    /// The states in which plans are, one a plan.
    func planStates() async throws -> [String] {
        let plans = try await Self.json("deadletters", "plans", "--limit", "1000", "--from", worker.url)["plans"]
        return (plans?.elements ?? []).compactMap { $0["state"]?.text }
    }

    /// SIGTERM, and the end.
    func stop() async throws -> WherryProcess.Result { try await worker.stop() }

    /// Parked letters by cause.
    private func waiting() async throws -> [String: Int] {
        let list = try await Self.json("deadletters", "list", "--group", "--from", worker.url)
        var counts: [String: Int] = [:]
        for group in list["groups"]?.elements ?? [] {
            counts[group["cause"]?.text ?? "", default: 0] += Int(clamping: group["count"]?.integer ?? 0)
        }
        return counts
    }

    private static func json(_ arguments: String...) async throws -> JSON {
        let result = try await WherryProcess(arguments + ["--json"]).result()
        return (try? JSON.parse(Array(result.output.utf8))) ?? .null
    }

    private func publish(_ messages: [Outgoing]) async throws {
        guard !messages.isEmpty else { return }
        let session = try await Session.open(endpoint, settings: SessionSettings(name: "test"), logger: logger)
        do {
            for message in messages {
                let outcome = try await session.publishConfirmed(
                    message.message, exchange: message.exchange, routingKey: message.routingKey)
                try #require(outcome == .confirmed)
            }
            await session.close()
        } catch {
            await session.close()
            throw error
        }
    }

    private static func topology(port: Int, virtualHost: String, management: String) -> String {
        """
        name: Runbook
        regions:
          - id: nel
            name: North East London
            partnership: Test record
            broker:
              addresses: ["amqp://127.0.0.1:\(port)"]
              virtualHost: "\(virtualHost)"
              management: "\(management)"
            hies:
              - {id: barts, name: Barts, status: connected, sites: [{name: One, service: acute}]}
              - {id: homerton, name: Homerton, status: connected, sites: [{name: Two, service: acute}]}
              - {id: kingston, name: Kingston, status: connected, sites: [{name: Three, service: acute}]}
              - {id: imperial, name: Imperial, status: planned, sites: [{name: Four, service: acute}]}

        """
    }
}
