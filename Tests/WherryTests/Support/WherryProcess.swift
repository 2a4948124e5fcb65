import CareRecord
import Foundation
import LoadTest
import Synchronization
import TestSupport

/// The built executable, started as a person would.
final class WherryProcess: Sendable {
    struct Result: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let secondsMax = 60

    private let directory: TemporaryDirectory
    private let process: ChildProcess

    /// Beside the test bundle.
    private static let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent()
        .appending(path: "wherry")

    /// Output goes to files: a pipe that some other test's process inherits would never end.
    convenience init(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws {
        try self.init(Self.executable.path, arguments, input: input, environment: environment)
    }

    /// On a terminal of this size, as util-linux's `script` makes it: what it shows is the output, errors included, and
    /// `input` is what is typed.
    static func run(
        onTerminal columns: Int, _ rows: Int, _ arguments: String..., input: String = "",
        environment: [String: String] = [:]
    ) async throws -> Result {
        try await WherryProcess(
            onTerminal: columns, rows, arguments, input: input, environment: environment
        ).result()
    }

    convenience init(
        onTerminal columns: Int, _ rows: Int, _ arguments: [String], input: String = "",
        environment: [String: String] = [:]
    ) throws {
        let words = arguments.map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
        let command = "stty cols \(columns) rows \(rows) && exec \(Self.executable.path) \(words)"
        try self.init(
            "/usr/bin/script", ["-q", "-e", "-c", command, "/dev/null"], input: input,
            environment: ["TERM": "xterm", "NO_COLOR": ""].merging(environment) { $1 })
    }

    private init(
        _ executable: String, _ arguments: [String], input: String, environment: [String: String]
    ) throws {
        directory = try TemporaryDirectory()
        try input.write(toFile: directory.file("input"), atomically: false, encoding: .utf8)
        process = try ChildProcess(
            executable, arguments, environment: environment, directory: directory.path,
            input: .file(directory.file("input")), output: directory.file("output"), errors: directory.file("errors"))
    }

    /// Runs to the end.
    static func run(_ arguments: String..., input: String = "") async throws -> Result {
        try await WherryProcess(arguments, input: input).result()
    }

    var output: String { (try? String(contentsOfFile: directory.file("output"), encoding: .utf8)) ?? "" }
    var errors: String { (try? String(contentsOfFile: directory.file("errors"), encoding: .utf8)) ?? "" }

    func signal(_ number: Int32) { process.signal(number) }
    var pid: Int32 { process.pid }

    /// Waits for the end; a process that does not end in time is killed.
    func result() async throws -> Result {
        try await withThrowingTaskGroup(of: Int32?.self) { group in
            group.addTask { await self.process.ended() }
            group.addTask {
                try await Task.sleep(for: .seconds(Self.secondsMax))  // the limit of a wait
                return nil
            }
            defer { group.cancelAll() }
            guard let status = try await group.next() ?? nil else {
                signal(SIGKILL)
                throw Failure(description: "it did not end within \(Self.secondsMax) s: \(errors)")
            }
            return Result(status: status, output: output, errors: errors)
        }
    }
}

/// A running `wherry worker`.
struct WorkerProcess {
    let process: WherryProcess
    /// Where it listens.
    let url: String

    /// Waits until it listens.
    static func start(_ hie: String, topology: String, data: String, _ more: String...) async throws -> WorkerProcess {
        guard let seat = Seat(hie) else { throw WherryProcess.Failure(description: "\(hie) is no HIE") }
        return try await start(seat, topology: topology, data: data, more: more)
    }

    static func start(_ seat: Seat, topology: String, data: String, more: [String]) async throws -> WorkerProcess {
        let process = try WherryProcess(
            ["worker", "--topology", topology, "--hie", seat.hie.text, "--data", data, "--listen", "127.0.0.1:0"] + more
        )
        let start = "wherry worker \(seat) listening on "
        for _ in 0..<1000 {
            if let line = process.output.split(separator: "\n").first, line.hasPrefix(start) {
                return WorkerProcess(process: process, url: String(line.dropFirst(start.count)))
            }
            try await Task.sleep(for: .milliseconds(20))  // between the attempts of a bounded retry
        }
        process.signal(SIGKILL)
        throw WherryProcess.Failure(description: "worker \(seat) does not listen: \(process.errors)")
    }

    /// SIGTERM, and the end.
    func stop() async throws -> WherryProcess.Result {
        process.signal(SIGTERM)
        return try await process.result()
    }
}

enum Files {
    static let topology = """
        name: Test
        regions:
          - id: nel
            name: North East London
            partnership: Test record
            broker:
              addresses: ["amqp://127.0.0.1:1"]
            hies:
              - {id: barts, name: Barts, status: connected, sites: [{name: One, service: acute}]}
              - {id: homerton, name: Homerton, status: connected, sites: [{name: Two, service: acute}]}
              - {id: imperial, name: Imperial, status: planned, sites: [{name: Three, service: acute}]}

        """

    static let number = "9990000018"

    static func bundle(allergy id: String = "a1") -> String {
        #"""
        {"resourceType":"Bundle","type":"transaction","entry":[
        {"resource":{"resourceType":"Patient","id":"p1","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number",
        "value":"\#(number)"}],"name":[{"family":"Example","given":["Ada"]}]},
        "request":{"method":"PUT","url":"Patient/p1"}},
        {"resource":{"resourceType":"AllergyIntolerance","id":"\#(id)","patient":{"reference":"Patient/p1"},
        "code":{"text":"Allergy to penicillin"}},"request":{"method":"PUT","url":"AllergyIntolerance/\#(id)"}}]}
        """#
    }

    /// Writes a file into the directory and gives its path.
    static func write(_ text: String, _ name: String, in directory: TemporaryDirectory) throws -> String {
        try text.write(toFile: directory.file(name), atomically: false, encoding: .utf8)
        return directory.file(name)
    }
}
