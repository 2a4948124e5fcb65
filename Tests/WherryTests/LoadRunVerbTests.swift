import Foundation
import LoadTest
import TestSupport
import Testing

@testable import wherry

@Suite("wherry load run", .serialized, .timeLimit(.minutes(10)))
struct LoadRunVerbTests {
    private static let profile = """
        about: Two HIEs for a moment.
        kind: mesh
        hies: 2
        brokers: 1
        patients: 20
        warmup: 1s
        duration: 4s
        changes: {rate: 20, batch: 2, create: 60, delete: 5}
        lookups: {rate: 20}
        criteria:
          - lost <= 0

        """
    private static let faults = "faults:\n  - {at: 1s, kind: pause-worker, target: barts, for: 1s}\n"

    private let directory: TemporaryDirectory
    /// A directory with the profiles `moment` and `broken`.
    private let profiles: String

    init() throws {
        directory = try TemporaryDirectory()
        profiles = directory.file("profiles")
        try FileManager.default.createDirectory(atPath: profiles, withIntermediateDirectories: true)
        for (name, text) in [("moment", Self.profile), ("faulty", Self.profile + Self.faults)] {
            try text.write(toFile: "\(profiles)/\(name).yaml", atomically: true, encoding: .utf8)
        }
    }

    private func run(_ arguments: String...) throws -> WherryProcess {
        try WherryProcess(["load", "run"] + arguments + ["--profiles", profiles])
    }

    /// Processes whose command line names this test's directory.
    private func processes() -> [Int32] {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        return numbers.filter { number in
            guard number != getpid(), let data = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") else {
                return false
            }
            return String(decoding: data, as: UTF8.self).contains(directory.path)
        }
    }

    @Test("an unknown profile is refused with those that there are")
    func unknownProfile() async throws {
        let result = try await run("londonn").result()
        #expect(result.status == 2 && result.errors.contains("there is no profile"))
        #expect(result.errors.contains("faulty") && result.errors.contains("moment"))
        let missing = try await run("nowhere/moment.yaml").result()
        #expect(missing.status == 2 && missing.errors.contains("nowhere/moment.yaml"))
    }

    @Test("results that could not be written, and faults for workers that run, are refused before anything starts")
    func refused() async throws {
        let out = try await run("moment", "--out", "/dev/null/results").result()
        #expect(out.status == 2 && out.errors.contains("results cannot be written to /dev/null/results"))
        let faulty = try await run("faulty", "--to", "127.0.0.1:1").result()
        #expect(faulty.status == 2 && faulty.errors.contains("--to are left alone"))
        let both = try await run("moment", "--to", "127.0.0.1:1", "--topology", "x.yaml").result()
        #expect(both.status == 2 && both.errors.contains("--topology is for workers that are started"))
        let secure = try await run("moment", "--to", "https://127.0.0.1:1").result()
        #expect(secure.status == 2 && secure.errors.contains("plain HTTP"))
        let url = try await run("moment", "--broker-url", "http://127.0.0.1").result()
        #expect(url.status == 2 && url.errors.contains("amqp://"))
        let file = try await run("moment", "--topology", "missing.yaml").result()
        #expect(file.status == 2 && file.errors.contains("missing.yaml"))
        let kept = directory.file("kept")
        try FileManager.default.createDirectory(atPath: "\(kept)/mesh", withIntermediateDirectories: true)
        let again = try await run("moment", "--keep", "--out", kept).result()
        #expect(again.status == 2 && again.errors.contains("is there already"))
    }

    @Test("a worker that does not answer, and a broker that is not installed, end it with status 1 and a remedy")
    func failed() async throws {
        let out = directory.file("out")
        let deaf = try await run("moment", "--to", "127.0.0.1:1", "--out", out).result()
        #expect(deaf.status == 1 && deaf.errors.contains("127.0.0.1:1"))
        let tree = directory.file("tree")
        try FileManager.default.createDirectory(atPath: "\(tree)/Scripts", withIntermediateDirectories: true)
        try "#!/bin/sh\necho 'rabbitmq-server is not installed: run Scripts/setup' >&2\nexit 1\n"
            .write(toFile: "\(tree)/Scripts/broker", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(tree)/Scripts/broker")
        let process = try ChildProcess(
            LoadTest.WorkerProcess.executable, ["load", "run", "\(profiles)/moment.yaml", "--out", out],
            directory: tree,
            errors: directory.file("errors"))
        #expect(await process.ended(within: 60) == 1)
        #expect(try String(contentsOfFile: directory.file("errors"), encoding: .utf8).contains("run Scripts/setup"))
        #expect(!FileManager.default.fileExists(atPath: out), "a run that came to nothing leaves no directory")
    }

    @Test("a run prints what it found, line by line in a pipe, and writes it down")
    func whole() async throws {
        let out = directory.file("out")
        let result = try await run("moment", "--out", out, "--seed", "7", "--no-baselines").result()
        let isLate = isLate(result.output)
        #expect(result.status == (isLate ? 1 : 0), "\(result.output)\(result.errors)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.first?.hasPrefix("starting ") == true)
        #expect(
            lines.contains("verdict\tpassed") == !isLate
                && lines.contains { $0.hasPrefix("criterion\tlost <= 0\t0\tmet") })
        #expect(lines.contains { $0.hasPrefix("process\tgenerator\t") })
        let data = try Data(contentsOf: URL(filePath: "\(out)/result.json"))
        let written = try JSONDecoder().decode(LoadResult.self, from: data)
        #expect(written.passed == !isLate && written.profile == "moment" && written.environment.seed == 7)
        #expect(!FileManager.default.fileExists(atPath: "\(out)/mesh"))
    }

    @Test("with --json standard output is the result alone; --keep leaves the files")
    func json() async throws {
        let out = directory.file("out")
        let result = try await run("moment", "--out", out, "--json", "--keep", "--duration", "2s").result()
        let printed = try JSONDecoder().decode(LoadResult.self, from: Data(result.output.utf8))
        #expect(printed.durationSeconds == 2)
        #expect(FileManager.default.fileExists(atPath: "\(out)/mesh/barts/records.sqlite"))
        #expect(await eventually { processes() == [] })
    }

    @Test("an interrupt stops everything, writes what was measured, and ends with status 130")
    func interrupted() async throws {
        let out = directory.file("out")
        let run = try run("moment", "--out", out, "--keep", "--duration", "600s")
        #expect(await eventually { run.output.contains("warming up") })
        #expect(processes().count > 2)
        run.signal(SIGINT)
        let result = try await run.result()
        #expect(result.status == 130 && result.errors.contains("what was measured until then"))
        let data = try Data(contentsOf: URL(filePath: "\(out)/result.json"))
        #expect(try !JSONDecoder().decode(LoadResult.self, from: data).passed)
        #expect(await eventually { processes() == [] })
    }

    @Test("whatever it started ends with it, also when it is killed")
    func killed() async throws {
        let run = try run("moment", "--out", directory.file("out"), "--keep", "--duration", "600s")
        #expect(await eventually { run.output.contains("warming up") })
        let broker = try String(contentsOfFile: directory.file("out/mesh/broker-1/beam.process"), encoding: .utf8)
        let pid = try #require(broker.split(separator: " ").first.flatMap { Int32($0) })
        run.signal(SIGKILL)
        _ = try await run.result()
        #expect(await eventually { kill(pid, 0) != 0 && processes() == [] })
    }

    @Test("on a terminal the screen is drawn over, and the tables follow it")
    func terminal() async throws {
        let result = try await WherryProcess.run(
            onTerminal: 100, 30, "load", "run", "moment", "--profiles", profiles, "--out", directory.file("out"),
            "--no-baselines")
        let isLate = isLate(result.output)
        #expect(result.status == (isLate ? 1 : 0), "\(result.output)")
        #expect(result.output.contains("\u{1B}[1A") && result.output.contains("Criteria"))
        #expect(result.output.contains("passed") == !isLate)
    }

    /// A run shares its cores with other tests; one that fails for that says so, and nothing else is wrong with it.
    private func isLate(_ output: String) -> Bool { output.contains("the generator could not keep up") }
}
