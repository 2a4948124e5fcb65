package import AMQP
package import Foundation

/// A RabbitMQ of this process's own, on loopback, started by `Scripts/broker`. It ends with this process.
package final class PrivateBroker: Sendable {
    /// What is left of a broker that was stopped.
    package enum Keeping: Sendable {
        case data
        case nothing
    }

    /// The script tries a few ports, and waits a minute and a half for each.
    private static let commandSecondsMax: Double = 500

    /// `amqp://guest:guest@127.0.0.1:PORT`, virtual host `/`.
    package let url: String
    /// `http://127.0.0.1:PORT`, nil without management.
    package let managementURL: String?
    package let directory: String
    private let script: String

    package var endpoint: Endpoint { get throws(AMQPError) { try Endpoint(url: url) } }
    package var port: Int { get throws(AMQPError) { Int(try endpoint.port) } }

    /// Starts a broker whose files are in `directory`. `script` is the path of `Scripts/broker`; `configuration` is
    /// lines for rabbitmq.conf.
    package static func start(
        script: String, in directory: String, keeping: Keeping = .data, hasManagement: Bool = false,
        plugins: [String] = [], configuration: String = ""
    ) async throws(LoadTestError) -> PrivateBroker {
        let extra = directory + "/extra.conf"
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try configuration.write(toFile: extra, atomically: true, encoding: .utf8)
        } catch {
            throw LoadTestError(.file, "\(directory) cannot be written: \(error.localizedDescription)", cause: error)
        }
        var arguments = ["start", directory, "--owner", String(getpid()), "--config-file", extra]
        switch keeping {
        case .data: break
        case .nothing: arguments.append("--temporary")
        }
        if hasManagement { arguments.append("--management") }
        for plugin in plugins { arguments += ["--plugin", plugin] }
        let output = try await run(script, arguments)
        return try PrivateBroker(script: script, directory: directory, report: report(output))
    }

    private init(script: String, directory: String, report: [String: String]) throws(LoadTestError) {
        guard let url = report["url"] else { throw LoadTestError(.broker, "\(script) printed no url") }
        self.script = script
        self.directory = directory
        self.url = url
        managementURL = report["management"]
    }

    /// Evaluates an Erlang expression in the broker; it ends with a full stop.
    @discardableResult
    package func eval(_ expression: String) async throws(LoadTestError) -> String {
        try await command("eval", expression)
    }

    /// rabbitmqctl.
    @discardableResult
    package func ctl(_ arguments: String...) async throws(LoadTestError) -> String {
        try await Self.run(script, ["ctl", directory] + arguments)
    }

    /// Of the Erlang virtual machine; `nil` while it does not run, whoever has its number then.
    package var pid: pid_t? {
        guard let text = try? String(contentsOfFile: directory + "/beam.process", encoding: .utf8) else { return nil }
        let words = text.split { $0 == " " || $0 == "\n" }
        guard words.count == 2, let pid = pid_t(words[0]), let reading = ProcessReading(pid: pid),
            UInt64(words[1]) == reading.startTicks
        else { return nil }
        return pid
    }

    /// SIGSTOP: connections stay open and nothing answers.
    package func pause() throws(LoadTestError) { try signal(SIGSTOP) }
    package func resume() throws(LoadTestError) { try signal(SIGCONT) }

    /// Writes the register of quorum queues to disk. RabbitMQ does so only every few seconds, and a queue that it does
    /// not know after a SIGKILL is empty, whatever it had confirmed: call this between declaring and `kill`.
    package func keepDeclarations() async throws(LoadTestError) { try await eval("[dets:sync(T) || T <- dets:all()].") }

    /// SIGKILL.
    package func kill() async throws(LoadTestError) { try await command("kill") }

    /// Brings the same broker back, with its data and ports, after `kill` or `stop` or from running.
    package func restart() async throws(LoadTestError) { try await command("restart") }

    /// With a memory alarm the broker takes no messages.
    package func setMemoryAlarm(_ isOn: Bool) async throws(LoadTestError) {
        try await eval("vm_memory_monitor:set_vm_memory_high_watermark(\(isOn ? "0.00001" : "0.6")).")
    }

    /// Ends the broker, and deletes its directory if it keeps nothing.
    package func stop() async throws(LoadTestError) { try await command("stop") }

    @discardableResult
    private func command(_ verb: String, _ more: String...) async throws(LoadTestError) -> String {
        try await Self.run(script, [verb, directory] + more)
    }

    private static func run(_ script: String, _ arguments: [String]) async throws(LoadTestError) -> String {
        try await Subprocess.run(script, arguments, secondsMax: commandSecondsMax)
    }

    private func signal(_ number: Int32) throws(LoadTestError) {
        guard let pid, Foundation.kill(pid, number) == 0 else {
            throw LoadTestError(.broker, "the broker in \(directory) does not run")
        }
    }

    private static func report(_ text: String) -> [String: String] {
        var report: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let pair = line.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { report[String(pair[0])] = String(pair[1]) }
        }
        return report
    }
}
