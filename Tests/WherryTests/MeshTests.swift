import CareRecord
import Foundation
import LoadTest
import TestSupport
import Testing

@Suite("Two workers and a broker")
struct MeshTests {
    @Test("P1, P3, P7: what one HIE takes in, the other's lookup holds, also once its index was built anew")
    func change() async throws {
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
        let barts = try await start("barts")
        let homerton = try await start("homerton")
        let ingest = try await WherryProcess.run("ingest", "--to", barts.url, "-", input: Files.bundle())
        #expect(ingest.status == 0, "\(ingest.errors)")
        let lookup = try await complete(homerton.url)
        let entries = lookup["entries"]?.elements ?? []
        #expect(entries.map { $0["source"]?.text } == ["barts", "barts"])
        #expect(entries.contains { $0["display"]?.text == "Allergy to penicillin" })
        #expect(lookup["demographics"]?.elements?.first?["family"]?.text == "Example")
        let coverage = lookup["coverage"]?.elements?.first
        #expect(coverage?["state"]?.text == "complete" && coverage?["watermark"]?.integer == 2)
        #expect(coverage?["asOf"]?.text != nil)
        try await expectVerified(homerton.url)
        let rebuilt = try await WherryProcess.run("index", "rebuild", "--from", homerton.url)
        #expect(rebuilt.status == 0 && rebuilt.output.contains("homerton"), "\(rebuilt.errors)")
        let again = try await complete(homerton.url)
        #expect(again["entries"]?.elements?.count == 2)
        try await expectVerified(homerton.url)
        #expect(try await barts.stop().status == 0)
        #expect(try await homerton.stop().status == 0)
    }

    /// The index is what every source says that it is.
    private func expectVerified(_ url: String) async throws {
        let verified = try await WherryProcess.run("index", "verify", "--from", url, "--json")
        let json = (try? JSON.parse(Array(verified.output.utf8))) ?? .null
        #expect(verified.status == 0 && json["equal"]?.bool == true, "\(verified.output)\(verified.errors)")
        #expect(json["sources"]?.elements?.allSatisfy { $0["state"]?.text == "equal" } == true)
    }

    /// The lookup once it holds two entries and is complete for barts, or the last one after a while.
    private func complete(_ url: String) async throws -> JSON {
        var json = JSON.null
        for _ in 0..<300 {
            let result = try await WherryProcess.run("lookup", Files.number, "--from", url, "--json")
            json = (try? JSON.parse(Array(result.output.utf8))) ?? .null
            let isComplete = json["coverage"]?.elements?.first?["state"]?.text == "complete"
            if isComplete, json["entries"]?.elements?.count == 2 { break }
            try await Task.sleep(for: .milliseconds(50))  // between the attempts of a bounded retry
        }
        return json
    }
}
