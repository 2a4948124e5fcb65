import CareRecord
import Foundation
import TestSupport
import Testing

@Suite("A worker process")
struct WorkerProcessTests {
    private let directory: TemporaryDirectory
    private let topology: String

    init() throws {
        directory = try TemporaryDirectory()
        topology = try Files.write(Files.topology, "topology.yaml", in: directory)
    }

    @Test("takes records in, answers lookups and status, stops at once on SIGTERM, and still has everything afterwards")
    func life() async throws {
        let worker = try await WorkerProcess.start("barts", topology: topology, data: directory.file("barts"))
        let file = try Files.write(Files.bundle(), "bundle.json", in: directory)
        let ingest = try await WherryProcess.run("ingest", "--to", worker.url, "--json", file)
        #expect(ingest.status == 0, "\(ingest.errors)")
        let summary = try JSON.parse(Array(ingest.output.utf8))
        #expect(summary["accepted"]?.integer == 2 && summary["created"]?.integer == 2 && summary["files"]?.integer == 1)

        let lookup = try await eventualLookup(worker.url, lines: 2)
        #expect(lookup.contains { $0.hasPrefix("allergy\t") && $0.contains("Allergy to penicillin") })
        #expect(lookup.contains { $0.hasPrefix("patient\tbarts\tEXAMPLE, Ada") })
        #expect(lookup.contains { $0.hasPrefix("coverage\tbarts\tcomplete") })
        #expect(lookup.contains { $0.hasPrefix("coverage\thomerton\tsilent\tnever") })
        #expect(lookup.contains { $0.hasPrefix("coverage\timperial\tplanned") })

        let status = try await WherryProcess.run("status", "--from", worker.url)
        #expect(status.status == 0 && status.output.contains("peer\thomerton\tsilent"))
        let json = try await WherryProcess.run("status", "--from", worker.url, "--json")
        #expect(try JSON.parse(Array(json.output.utf8))["own"]?["unpublished"]?.integer == 2)

        let startedAt = ContinuousClock.now
        let end = try await worker.stop()
        #expect(end.status == 0, "\(end.errors)")
        #expect(ContinuousClock.now - startedAt < .seconds(15))
        #expect(!end.errors.contains(Files.number))

        let again = try await WorkerProcess.start("barts", topology: topology, data: directory.file("barts"))
        #expect(try await eventualLookup(again.url, lines: 2).contains { $0.hasPrefix("allergy\t") })
        #expect(try await again.stop().status == 0)
    }

    @Test("P1: what was accepted survives SIGKILL")
    func kill() async throws {
        let worker = try await WorkerProcess.start("barts", topology: topology, data: directory.file("barts"))
        let ingest = try await WherryProcess.run("ingest", "--to", worker.url, "-", input: Files.bundle())
        #expect(ingest.status == 0)
        worker.process.signal(SIGKILL)
        _ = try await worker.process.result()
        let again = try await WorkerProcess.start("barts", topology: topology, data: directory.file("barts"))
        #expect(try await eventualLookup(again.url, lines: 2).contains { $0.hasPrefix("allergy\t") })
        _ = try await again.stop()
    }

    @Test("a second worker on the same directory, the same port, or another HIE's directory ends with status 1 and why")
    func startFailures() async throws {
        let worker = try await WorkerProcess.start("barts", topology: topology, data: directory.file("barts"))
        let second = try await WherryProcess.run(
            "worker", "--topology", topology, "--hie", "barts", "--data", directory.file("barts"), "--listen",
            "127.0.0.1:0")
        #expect(second.status == 1 && second.errors.contains("in use by process \(worker.process.pid)"))
        let port = try await WherryProcess.run(
            "worker", "--topology", topology, "--hie", "homerton", "--data", directory.file("homerton"),
            "--listen", String(worker.url.dropFirst("http://".count)))
        #expect(port.status == 1 && port.errors.contains("the address is in use"))
        _ = try await worker.stop()
        let foreign = try await WherryProcess.run(
            "worker", "--topology", topology, "--hie", "homerton", "--data", directory.file("barts"), "--listen",
            "127.0.0.1:0")
        #expect(foreign.status == 1 && foreign.errors.contains("barts"))
    }

    @Test("P3: a rewritten topology file is followed by a worker that runs; one with a mistake is refused and shown")
    func rewrittenTopology() async throws {
        // As container platforms deploy files: a link that is turned to another file.
        let deployed = directory.file("deployed.yaml")
        func deploy(_ text: String, as name: String) throws {
            let file = try Files.write(text, name, in: directory)
            try FileManager.default.createSymbolicLink(atPath: directory.file("next"), withDestinationPath: file)
            #expect(rename(directory.file("next"), deployed) == 0)
        }
        try deploy(Files.topology, as: "1.yaml")
        let worker = try await WorkerProcess.start("barts", topology: deployed, data: directory.file("barts"))
        #expect(try await eventualStatus(worker.url, "peer\timperial\tplanned"))
        try deploy(Files.topology.replacing("status: planned", with: "status: connected"), as: "2.yaml")
        #expect(try await eventualStatus(worker.url, "peer\timperial\tsilent"))
        try deploy(Files.topology.replacing("status: planned", with: "status: perhaps"), as: "3.yaml")
        #expect(try await eventualStatus(worker.url, "deployed.yaml:11:"))
        #expect(try await eventualStatus(worker.url, "peer\timperial\tsilent"))
        try deploy(Files.topology, as: "4.yaml")
        #expect(try await eventualStatus(worker.url, "peer\timperial\tplanned"))
        let end = try await worker.stop()
        #expect(end.status == 0 && end.errors.contains("hies.connected=imperial"), "\(end.errors)")
        #expect(end.errors.contains("topology.refused") && !end.output.contains("paused"))
    }

    @Test("an HIE that is unknown or planned is refused with status 2", arguments: ["nobody", "imperial"])
    func unknown(_ hie: String) async throws {
        let result = try await WherryProcess.run(
            "worker", "--topology", topology, "--hie", hie, "--data", directory.file("x"), "--listen", "127.0.0.1:0")
        #expect(result.status == 2 && result.errors.contains(hie))
    }

    @Test("ingest goes on after a refused file, says what is wrong with it, and ends with status 2")
    func refusedFiles() async throws {
        let worker = try await WorkerProcess.start("barts", topology: topology, data: directory.file("barts"))
        let folder = try TemporaryDirectory()
        _ = try Files.write("{broken", "1.json", in: folder)
        _ = try Files.write(#"{"resourceType":"Patient","id":"p2"}"# + "\nbroken\n", "2.ndjson", in: folder)
        _ = try Files.write(Files.bundle(), "3.json", in: folder)
        _ = try Files.write("not looked at", "4.txt", in: folder)
        let result = try await WherryProcess.run("ingest", "--to", worker.url, folder.path, "--json")
        #expect(result.status == 2)
        let summary = try JSON.parse(Array(result.output.utf8))
        #expect(summary["files"]?.integer == 3 && summary["accepted"]?.integer == 3 && summary["failed"]?.integer == 2)
        #expect(summary["unlinked"]?.integer == 1)
        let errors = summary["errors"]?.elements ?? []
        #expect(errors.map { $0["file"]?.text?.hasSuffix("1.json") } == [true, false])
        #expect(errors.last?["issues"]?.elements?.first?.text?.contains("line 2") == true)
        #expect(result.errors.contains("1.json: "))
        _ = try await worker.stop()
    }

    /// Whether what `wherry status` prints comes to contain `text`.
    private func eventualStatus(_ url: String, _ text: String) async throws -> Bool {
        try await eventually { try await WherryProcess.run("status", "--from", url).output.contains(text) }
    }

    private func eventualLookup(_ url: String, lines: Int) async throws -> [String] {
        var output: [String] = []
        for _ in 0..<200 {
            let result = try await WherryProcess.run("lookup", Files.number, "--from", url)
            output = result.output.split(separator: "\n").map(String.init)
            if output.filter({ !$0.hasPrefix("coverage") }).count >= lines { break }
            try await Task.sleep(for: .milliseconds(50))  // between the attempts of a bounded retry
        }
        return output
    }
}
