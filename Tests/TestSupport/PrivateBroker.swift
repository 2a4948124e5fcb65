package import AMQP
import Foundation
import Synchronization

/// A RabbitMQ of the test process's own, on loopback, started by `Scripts/broker` and ended with the process.
///
/// Tests share one (`shared`), each in a virtual host of its own. A test that breaks its broker starts its own
/// (`start`).
package final class PrivateBroker: Sendable {
    package struct VirtualHost: Sendable {
        package let name: String
        package let url: String
        package let endpoint: Endpoint
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// `amqp://guest:guest@127.0.0.1:PORT`, virtual host `/`.
    package let url: String
    /// `http://127.0.0.1:PORT`, nil without management.
    package let managementURL: String?
    package let directory: String
    private let virtualHosts = VirtualHostNames()

    package var endpoint: Endpoint { get throws { try Endpoint(url: url) } }
    package var port: Int { get throws { Int(try endpoint.port) } }

    private init(directory: String, report: [String: String]) throws {
        guard let url = report["url"] else { throw Failure(description: "Scripts/broker printed no url") }
        self.directory = directory
        self.url = url
        managementURL = report["management"]
    }

    /// The broker that every test of this process may use and none may break.
    package static func shared(hasManagement: Bool = false) async throws -> PrivateBroker {
        try await (hasManagement ? withManagement : plain).value()
    }

    /// A broker for one test. `configuration` is lines for rabbitmq.conf.
    package static func start(
        hasManagement: Bool = false, plugins: [String] = [], configuration: String = ""
    ) async throws -> PrivateBroker {
        try await start(hasManagement: hasManagement, plugins: plugins) { _ in configuration }
    }

    /// A broker for one test. `configure` may make files in the broker's directory, which goes with the broker, and
    /// returns lines for rabbitmq.conf.
    package static func start(
        hasManagement: Bool = false, plugins: [String] = [], configure: (_ directory: String) async throws -> String
    ) async throws -> PrivateBroker {
        let directory = FileManager.default.temporaryDirectory.path + "/wherry-broker-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try await configure(directory).write(toFile: directory + "/extra.conf", atomically: true, encoding: .utf8)
        var arguments = ["start", directory, "--temporary", "--owner", String(getpid())]
        arguments += ["--config-file", directory + "/extra.conf"]
        if hasManagement { arguments.append("--management") }
        for plugin in plugins { arguments += ["--plugin", plugin] }
        let output = try await Subprocess.run(script, arguments)
        return try PrivateBroker(directory: directory, report: report(output))
    }

    /// A virtual host with full permissions for `guest`.
    package func makeVirtualHost() async throws -> VirtualHost {
        let name = virtualHosts.next()
        let all = "<<\".*\">>"
        _ = try await eval(
            """
            V = <<"\(name)">>, G = <<"guest">>, ok = rabbit_vhost:add(V, G), \
            ok = rabbit_auth_backend_internal:set_permissions(G, V, \(all), \(all), \(all), G).
            """
        )
        return VirtualHost(name: name, url: "\(url)/\(name)", endpoint: try Endpoint(url: "\(url)/\(name)"))
    }

    /// Evaluates an Erlang expression in the broker; it ends with a full stop.
    @discardableResult
    package func eval(_ expression: String) async throws -> String {
        try await Subprocess.run(Self.script, ["eval", directory, expression])
    }

    /// rabbitmqctl.
    @discardableResult
    package func ctl(_ arguments: String...) async throws -> String {
        try await Subprocess.run(Self.script, ["ctl", directory] + arguments)
    }

    /// SIGSTOP: connections stay open and nothing answers.
    package func pause() throws { try signal(SIGSTOP) }
    package func resume() throws { try signal(SIGCONT) }

    /// Writes the register of quorum queues to disk. RabbitMQ does so only every few seconds, and a queue that it does not
    /// know after a SIGKILL is empty, whatever it had confirmed: call this between declaring and `kill`.
    package func keepDeclarations() async throws { try await eval("[dets:sync(T) || T <- dets:all()].") }

    /// SIGKILL.
    package func kill() async throws { try await Subprocess.run(Self.script, ["kill", directory]) }

    /// Brings the same broker back, with its data and ports, after `kill` or from running.
    package func restart() async throws { try await Subprocess.run(Self.script, ["restart", directory]) }

    /// With a memory alarm the broker takes no messages.
    package func setMemoryAlarm(_ isOn: Bool) async throws {
        try await eval("vm_memory_monitor:set_vm_memory_high_watermark(\(isOn ? "0.00001" : "0.6")).")
    }

    /// Ends the broker and deletes its directory.
    package func stop() async throws { try await Subprocess.run(Self.script, ["stop", directory]) }

    private func signal(_ number: Int32) throws {
        let text = try String(contentsOfFile: directory + "/broker.env", encoding: .utf8)
        guard let pid = Self.report(text)["pid"].flatMap(pid_t.init), Foundation.kill(pid, number) == 0 else {
            throw Failure(description: "the broker in \(directory) does not run")
        }
    }

    private static let plain = LazyBroker { try await start() }
    private static let withManagement = LazyBroker { try await start(hasManagement: true) }
    private static let script = packageDirectory + "/Scripts/broker"

    private static func report(_ text: String) -> [String: String] {
        var report: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let pair = line.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { report[String(pair[0])] = String(pair[1]) }
        }
        return report
    }
}

/// The directory of Package.swift.
package let packageDirectory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

/// A broker that is started once, however many tests ask at the same time.
package actor LazyBroker {
    private let start: @Sendable () async throws -> PrivateBroker
    private var task: Task<PrivateBroker, any Error>?

    package init(_ start: @escaping @Sendable () async throws -> PrivateBroker) { self.start = start }

    package func value() async throws -> PrivateBroker {
        let task = self.task ?? Task { try await start() }  // serves every test that asks, not only the first
        self.task = task
        return try await task.value
    }
}

private final class VirtualHostNames: Sendable {
    private let prefix = "test-" + UUID().uuidString.prefix(8).lowercased()
    private let count = Mutex(0)

    func next() -> String {
        let number = count.withLock { count in
            count += 1
            return count
        }
        return "\(prefix)-\(number)"
    }
}
