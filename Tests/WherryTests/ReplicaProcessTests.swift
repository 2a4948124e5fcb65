import CareRecord
import Foundation
import LoadTest
import TestSupport
import Testing

@Suite("A read replica as a process") struct ReplicaProcessTests {
    private let directory: TemporaryDirectory
    private let topology: String

    init() throws {
        directory = try TemporaryDirectory()
        let text = Files.topology.replacing("name: Barts,", with: "name: Barts, replicas: [a],")
        topology = try Files.write(text, "topology.yaml", in: directory)
    }

    private func start(_ seat: String, _ more: [String]) async throws -> WorkerProcess {
        let seat = try #require(Seat(seat))
        let replica = seat.replica.map { ["--replica", $0.text] } ?? []
        return try await WorkerProcess.start(
            seat, topology: topology, data: directory.file(seat.text), more: replica + more)
    }

    @Test("P1, P7: beside its primary it holds what both HIEs take in, is asked like any worker, and takes nothing in")
    func life() async throws {
        let broker = try await PrivateBroker.shared().makeVirtualHost()
        let applied = try await WherryProcess.run(
            "topology", "apply", "--topology", topology, "--broker-url", broker.url)
        #expect(applied.status == 0, "\(applied.errors)")
        let settings = ["--broker-url", broker.url, "--pulse-interval", "200ms"]
        let primary = try await start("barts", settings)
        let replica = try await start("barts.a", settings)
        let ingest = try await WherryProcess.run("ingest", "--to", primary.url, "-", input: Files.bundle())
        #expect(ingest.status == 0, "\(ingest.errors)")
        let isThere = try await eventually {
            let lookup = try await WherryProcess.run("lookup", Files.number, "--from", replica.url)
            return lookup.output.contains("coverage\tbarts\tcomplete") && lookup.output.contains("allergy\t")
        }
        #expect(isThere)
        let query = try await WherryProcess.run(
            "query", Files.number, "--from", replica.url, "--categories", "allergy", "--resources")
        #expect(query.status == 0 && query.output.contains("Allergy to penicillin"), "\(query.output)\(query.errors)")

        let refused = try await WherryProcess.run("ingest", "--to", replica.url, "-", input: Files.bundle())
        #expect(refused.status == 2 && refused.errors.contains("replica a of barts"), "\(refused.errors)")
        let status = try await WherryProcess.run("status", "--from", replica.url)
        #expect(status.output.hasPrefix("own\tbarts.a\ta read replica, without a journal\n"), "\(status.output)")
        #expect(status.output.contains("peer\tbarts\tcomplete"))
        let json = try await WherryProcess.run("status", "--from", replica.url, "--json")
        #expect(try JSON.parse(Array(json.output.utf8))["replica"]?.text == "a")
        #expect(!FileManager.default.fileExists(atPath: directory.file("barts.a/records.sqlite")))
        #expect(try await replica.stop().status == 0)
        #expect(try await primary.stop().status == 0)
    }

    @Test(
        "a name that the topology does not have, and one that cannot be a name, are refused with status 2",
        arguments: [("b", "add it to its replicas:"), ("A", "--replica")])
    func unknown(_ name: String, _ advice: String) async throws {
        let result = try await WherryProcess.run(
            "worker", "--topology", topology, "--hie", "barts", "--replica", name, "--data", directory.file("x"),
            "--listen", "127.0.0.1:0")
        #expect(result.status == 2 && result.errors.contains(advice), "\(result.errors)")
    }

    @Test("the directory of its primary is refused with status 1") func directoryOfPrimary() async throws {
        let primary = try await start("barts", [])
        #expect(try await primary.stop().status == 0)
        let result = try await WherryProcess.run(
            "worker", "--topology", topology, "--hie", "barts", "--replica", "a", "--data", directory.file("barts"),
            "--listen", "127.0.0.1:0")
        #expect(result.status == 1 && result.errors.contains("holds the data of barts, not of replica a of barts"))
    }

    @Test("with --drain SIGTERM ends it only after readyz has said so for a while, and lookups are answered until then")
    func drain() async throws {
        let worker = try await start("barts", ["--drain", "40s"])
        worker.process.signal(SIGTERM)
        let isLeaving = try await eventually {
            let answer = try await Subprocess.run("/usr/bin/curl", ["-s", "\(worker.url)/readyz"])
            return answer.contains("\"stopping\"")
        }
        #expect(isLeaving)
        let lookup = try await WherryProcess.run("lookup", Files.number, "--from", worker.url)
        #expect(lookup.status == 0, "\(lookup.errors)")
        #expect(try await worker.process.result().status == 0)
    }
}
