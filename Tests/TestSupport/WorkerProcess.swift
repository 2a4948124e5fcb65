package import Foundation

/// A worker of its own process: the `wherry` that was built with these tests, on a free port of loopback.
///
/// It ends with its owner, and with the test process, however that one ends.
package final class WorkerProcess: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// `http://127.0.0.1:PORT`.
    package let url: String
    package var pid: pid_t { process.pid }
    private let process: ChildProcess
    private let watcher: ChildProcess
    /// Closing it makes the watcher kill the worker; the kernel closes it when the test process ends.
    private let leash: Pipe

    /// The `wherry` that stands beside the test bundle.
    package static let executable: String = {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = URL(filePath: bundle).deletingLastPathComponent().appending(path: "wherry").path
        return FileManager.default.isExecutableFile(atPath: beside) ? beside : packageDirectory + "/.build/debug/wherry"
    }()

    /// Starts `wherry worker` with these arguments and waits until it serves. What it writes goes to `LOG.out` and, its
    /// log, is appended to `LOG.err`.
    package static func start(_ arguments: [String], log: String) async throws -> WorkerProcess {
        try Data().write(to: URL(filePath: "\(log).out"))
        let process = try ChildProcess(
            executable, ["worker", "--listen", "127.0.0.1:0"] + arguments, output: "\(log).out", errors: "\(log).err")
        let leash = Pipe()
        do {
            let watcher = try ChildProcess(
                "/bin/sh", ["-c", "read -r _; kill -KILL \"$1\"", "watcher", String(process.pid)],
                input: .descriptor(leash.fileHandleForReading.fileDescriptor))
            let address = try await address(of: process, log: log)
            return WorkerProcess(url: address, process: process, watcher: watcher, leash: leash)
        } catch {
            process.signal(SIGKILL)
            throw error
        }
    }

    private init(url: String, process: ChildProcess, watcher: ChildProcess, leash: Pipe) {
        self.url = url
        self.process = process
        self.watcher = watcher
        self.leash = leash
    }

    deinit {
        process.signal(SIGKILL)
        watcher.signal(SIGKILL)
        try? leash.fileHandleForWriting.close()
    }

    package var isRunning: Bool { process.isRunning }

    /// SIGKILL; returns when the process is gone.
    package func kill() async throws {
        process.signal(SIGKILL)
        try await ended(within: 10)
    }

    /// SIGTERM; returns its exit status.
    @discardableResult
    package func terminate() async throws -> Int32 {
        process.signal(SIGTERM)
        try await ended(within: 30)
        return process.status ?? -1
    }

    /// SIGSTOP: connections stay open and nothing answers.
    package func pause() { process.signal(SIGSTOP) }
    package func resume() { process.signal(SIGCONT) }

    private func ended(within seconds: Double) async throws {
        let hasEnded = await eventually(within: seconds) { !process.isRunning }
        guard hasEnded else { throw Failure(description: "worker process \(pid) did not end within \(seconds) s") }
        watcher.signal(SIGKILL)
    }

    /// From the line `wherry worker HIE listening on URL`.
    private static func address(of process: ChildProcess, log: String) async throws -> String {
        var address: Substring?
        _ = try await eventually(within: 60) {
            let said = try String(contentsOfFile: "\(log).out", encoding: .utf8)
            address = said.split(separator: "\n").first { $0.contains(" listening on ") }?.split(separator: " ").last
            return address != nil || !process.isRunning
        }
        guard let address else {
            let said = try String(contentsOfFile: "\(log).err", encoding: .utf8)
            throw Failure(description: "the worker did not begin to serve: \(said.suffix(2000))")
        }
        return String(address)
    }
}
