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
    package let pid: pid_t
    private let process: Process
    private let watcher: Process
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
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = ["worker", "--listen", "127.0.0.1:0"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try file("\(log).out", isEmptied: true)
        process.standardError = try file("\(log).err", isEmptied: false)
        try process.run()
        let leash = Pipe()
        let watcher = Process()
        watcher.executableURL = URL(filePath: "/bin/sh")
        watcher.arguments = ["-c", "read -r _; kill -KILL \"$1\"", "watcher", String(process.processIdentifier)]
        watcher.standardInput = leash
        do {
            try watcher.run()
            let address = try await address(of: process, log: log)
            return WorkerProcess(url: address, process: process, watcher: watcher, leash: leash)
        } catch {
            Foundation.kill(process.processIdentifier, SIGKILL)
            throw error
        }
    }

    private init(url: String, process: Process, watcher: Process, leash: Pipe) {
        self.url = url
        self.process = process
        self.watcher = watcher
        self.leash = leash
        pid = process.processIdentifier
    }

    deinit {
        signal(SIGKILL)
        if watcher.isRunning { Foundation.kill(watcher.processIdentifier, SIGKILL) }
        try? leash.fileHandleForWriting.close()
    }

    package var isRunning: Bool { process.isRunning }

    /// SIGKILL; returns when the process is gone.
    package func kill() async throws {
        signal(SIGKILL)
        try await ended(within: 10)
    }

    /// SIGTERM; returns its exit status.
    @discardableResult
    package func terminate() async throws -> Int32 {
        signal(SIGTERM)
        try await ended(within: 30)
        return process.terminationStatus
    }

    /// SIGSTOP: connections stay open and nothing answers.
    package func pause() { signal(SIGSTOP) }
    package func resume() { signal(SIGCONT) }

    /// A process that was waited for is not signalled: its number may be a stranger's.
    private func signal(_ number: Int32) {
        if process.isRunning { Foundation.kill(pid, number) }
    }

    private func ended(within seconds: Double) async throws {
        let hasEnded = await eventually(within: seconds) { !process.isRunning }
        guard hasEnded else { throw Failure(description: "worker process \(pid) did not end within \(seconds) s") }
        if watcher.isRunning { Foundation.kill(watcher.processIdentifier, SIGKILL) }
    }

    private static func file(_ path: String, isEmptied: Bool) throws -> FileHandle {
        if isEmptied || !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw Failure(description: "\(path) cannot be written to")
        }
        try handle.seekToEnd()
        return handle
    }

    /// From the line `wherry worker HIE listening on URL`.
    private static func address(of process: Process, log: String) async throws -> String {
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
