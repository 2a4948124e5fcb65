import CareRecord
import Foundation
import LoadTest
import TestSupport
import Testing

/// `wherry query` against real workers: homerton is asked about a patient whom barts has.
@Suite("A query against worker processes", .serialized) struct QueryProcessTests {
    private struct Mesh {
        let directory: TemporaryDirectory
        let barts: WorkerProcess
        let homerton: WorkerProcess

        func query(_ arguments: String..., environment: [String: String] = [:]) async throws -> WherryProcess.Result {
            try await WherryProcess(
                ["query", Files.number, "--from", homerton.url] + arguments, environment: environment
            ).result()
        }

        func stop() async throws {
            barts.process.signal(SIGCONT)
            #expect(try await barts.stop().status == 0)
            #expect(try await homerton.stop().status == 0)
        }
    }

    private func mesh() async throws -> Mesh {
        let directory = try TemporaryDirectory()
        let topology = try Files.write(Files.topology, "topology.yaml", in: directory)
        let broker = try await PrivateBroker.shared().makeVirtualHost()
        let applied = try await WherryProcess.run(
            "topology", "apply", "--topology", topology, "--broker-url", broker.url)
        #expect(applied.status == 0, "\(applied.errors)")
        func start(_ hie: String) async throws -> WorkerProcess {
            try await WorkerProcess.start(
                hie, topology: topology, data: directory.file(hie), "--broker-url", broker.url, "--pulse-interval",
                "200ms")
        }
        let mesh = Mesh(directory: directory, barts: try await start("barts"), homerton: try await start("homerton"))
        let ingest = try await WherryProcess.run("ingest", "--to", mesh.barts.url, "-", input: Files.bundle())
        #expect(ingest.status == 0, "\(ingest.errors)")
        let isThere = try await eventually {
            let lookup = try await WherryProcess.run("lookup", Files.number, "--from", mesh.homerton.url)
            return lookup.output.contains("coverage\tbarts\tcomplete") && lookup.output.contains("allergy\t")
        }
        #expect(isThere)
        return mesh
    }

    @Test("into a pipe: lines by kind, the worker's JSON, or the resources; the trail has who asked")
    func pipe() async throws {
        let mesh = try await mesh()
        let lines = try await mesh.query("--person", "'Dr Ä. Example'", "--purpose", "direct-care")
        #expect(lines.status == 0)
        let kinds = lines.output.split(separator: "\n").map { line in
            line.split(separator: "\t").prefix(3).joined(separator: " ")
        }
        #expect(kinds.contains("answer barts answered") && kinds.contains("answer homerton nothingHeld"))
        #expect(kinds.contains("answer imperial skipped") && kinds.contains("missing imperial skipped"))
        #expect(kinds.contains("resource allergy barts") && kinds.contains("resource demographics barts"))
        #expect(lines.output.contains("\tAllergy to penicillin\n"))
        #expect(lines.errors.hasPrefix("Complete for every connected HIE: 2 resources in "))
        #expect(lines.errors.hasSuffix("not connected yet: imperial.\n"))
        let trail = try await Subprocess.run(
            "/usr/bin/sqlite3",
            [
                "-cmd", ".timeout 10000", mesh.directory.file("barts/audit.sqlite"),
                "SELECT kind, hie, requester ->> 'person', requester ->> 'role', requester ->> 'purpose' FROM event",
            ])
        #expect(trail == "record-read|homerton|'Dr Ä. Example'|not stated|direct-care\n")

        let json = try await mesh.query("--json", "--categories", "allergy", "--limit", "5", "--since", "2000-01-01")
        let answer = try JSON.parse(Array(json.output.utf8))
        #expect(json.status == 0 && answer["nhsNumber"]?.text == Files.number)
        #expect(answer["resources"]?.elements?.map { $0["resource"]?["id"]?.text } == ["a1"])

        let resources = try await mesh.query("--resources", "--deadline", "5s", "--peer-deadline", "5s")
        let read = try resources.output.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
        #expect(resources.status == 0 && read.count == 2 && read.allSatisfy { $0["source"]?.text == "barts" })
        #expect(Set(read.compactMap { $0["resource"]?["resourceType"]?.text }) == ["AllergyIntolerance", "Patient"])
        try await mesh.stop()
    }

    @Test("P3, P5: of a stopped peer the index's entries stand in; that it is missing is said, and no failure")
    func stoppedPeer() async throws {
        let mesh = try await mesh()
        mesh.barts.process.signal(SIGSTOP)
        let lines = try await mesh.query("--deadline", "2s")
        #expect(lines.status == 0 && lines.errors.hasPrefix("Incomplete: 0 resources in "), "\(lines.errors)")
        #expect(lines.errors.contains("missing: barts timedOut (no answer within "))
        let output = lines.output.split(separator: "\n")
        #expect(output.filter { $0.hasPrefix("stand-in\t") }.count == 2 && !lines.output.contains("resource\t"))
        #expect(output.contains { $0.hasPrefix("missing\tbarts\ttimedOut\tpeer\tno answer within ") })
        let tables = try await mesh.query("--deadline", "2s", environment: ["WHERRY_TABLES": "1"])
        #expect(tables.status == 0 && tables.output.contains("Not from the HIE itself"))
        #expect(tables.output.contains("Incomplete: 0 resources") && !tables.output.contains("\u{1B}"))
        try await mesh.stop()
    }

    @Test("on a terminal rows wait, with their time, and settle in place; no line is wider than the terminal")
    func terminal() async throws {
        let mesh = try await mesh()
        mesh.barts.process.signal(SIGSTOP)
        let columns = 46
        let shown = try await WherryProcess.run(
            onTerminal: columns, 24, "query", Files.number, "--from", mesh.homerton.url, "--deadline", "2s")
        #expect(shown.status == 0, "\(shown.output)")
        #expect(shown.output.contains("waiting…") && shown.output.contains("timedOut"))
        let draws = shown.output.components(separatedBy: "\u{1B}[?7l")
        // Ten a second at most, and one for the end.
        #expect((4...25).contains(draws.count - 1), "\(draws.count)")
        #expect(draws.dropFirst().allSatisfy { $0.contains("\u{1B}[?7h") })
        let table = draws.last?.components(separatedBy: "\u{1B}[?7h").first ?? ""
        let rows = table.replacing(/\u{1B}\[[?\d]*[A-Za-z]/, with: "").split(whereSeparator: \.isNewline)
        #expect(rows.count == 6 && rows.allSatisfy { $0.count <= columns }, "\(rows)")
        #expect(rows.contains { $0.contains("barts") && $0.contains("timedOut") && $0.hasSuffix("…") })
        #expect(shown.output.contains("Not from the HIE itself") && shown.output.contains("missing: barts timedOut"))
        mesh.barts.process.signal(SIGCONT)
        let whole = try await eventually {
            try await WherryProcess.run(
                onTerminal: 100, 24, "query", Files.number, "--from", mesh.homerton.url
            ).output.contains("Complete for every connected HIE: 2 resources")
        }
        #expect(whole)
        try await mesh.stop()
    }

    @Test("P5: a worker that does not answer at all is given up some seconds after the deadline, with status 1")
    func stoppedWorker() async throws {
        let mesh = try await mesh()
        mesh.homerton.process.signal(SIGSTOP)
        async let plain = mesh.query("--deadline", "100ms")
        async let live = WherryProcess.run(
            onTerminal: 80, 24, "query", Files.number, "--from", mesh.homerton.url, "--deadline", "100ms")
        let results = [try await plain, try await live]
        #expect(results.map(\.status) == [1, 1])
        for result in results { #expect((result.errors + result.output).contains(mesh.homerton.url)) }
        mesh.homerton.process.signal(SIGCONT)
        try await mesh.stop()
    }
}
