import CareRecord
import Foundation
import Keys
import LoadTest
import TestSupport
import Testing

@Suite("Verbs for keys and certificates")
struct KeyVerbTests {
    private let place: TemporaryDirectory
    private let topology: String
    private var keys: String { place.file("keys") }

    init() throws {
        place = try TemporaryDirectory()
        let text = Files.topology.replacing("amqp://127.0.0.1:1", with: "amqps://broker.nel.example:5671")
        topology = try Files.write(text, "topology.yaml", in: place)
    }

    private func issue(_ more: String...) async throws -> WherryProcess.Result {
        try await WherryProcess(["pki", "issue", "--dir", keys, "--topology", topology] + more).result()
    }

    @Test("an authority, certificates for everybody, and a look at them")
    func everybody() async throws {
        let made = try await WherryProcess.run("pki", "init", "--dir", keys)
        #expect(made.status == 0 && made.output.contains("ca.pem\tissued\t"), "\(made.errors)")
        let issued = try await issue("--dns", "localhost")
        #expect(issued.status == 0, "\(issued.errors)")
        let files = ["hies/barts.pem", "hies/homerton.pem", "hies/imperial.pem", "brokers/nel.pem"]
        #expect(issued.output.split(separator: "\n").map { $0.prefix { $0 != "\t" } } == files.map { "\(keys)/\($0)" })
        let again = try await issue("--dns", "localhost", "--json")
        let lines = try JSON.parse(Array(again.output.utf8))["certificates"]?.elements ?? []
        #expect(lines.count == 4 && lines.allSatisfy { $0["outcome"]?.text == "kept" })

        let shown = try await WherryProcess.run("pki", "show", "--dir", keys)
        #expect(shown.status == 0 && shown.output.split(separator: "\n").count == 5)
        #expect(
            shown.output.contains("CN=Wherry broker nel\tCN=Wherry private authority\tbroker.nel.example localhost\t"))
        let json = try await WherryProcess.run("pki", "show", "--json", "\(keys)/hies/barts.pem")
        let barts = try JSON.parse(Array(json.output.utf8))["certificates"]?.elements?.first
        #expect(barts?["subject"]?.text == "CN=barts" && barts?["state"]?.text == "valid")
        // Whole days: 90 within the second in which it was issued.
        #expect([89, 90].contains(barts?["daysLeft"]?.integer) && barts?["until"]?.text?.hasSuffix("Z") == true)
    }

    @Test("one alone, renewed with another key; what ends soon says so and is not a failure")
    func renewal() async throws {
        _ = try await WherryProcess.run("pki", "init", "--dir", keys)
        let issued = try await issue("--hie", "barts", "--days", "10")
        #expect(issued.output.split(separator: "\n").count == 1)
        let shown = try await WherryProcess.run("pki", "show", "--dir", keys)
        #expect(shown.status == 0 && shown.output.contains("\texpires soon"))
        let key = try String(contentsOfFile: "\(keys)/hies/barts.key", encoding: .utf8)
        let kept = try await WherryProcess.run("pki", "renew", "--dir", keys, "--within", "5d")
        #expect(kept.output.contains("barts.pem\tkept"))
        let renewed = try await WherryProcess.run("pki", "renew", "--dir", keys, "--new-keys", "--days", "40")
        #expect(renewed.status == 0 && renewed.output.contains("barts.pem\trenewed"), "\(renewed.errors)")
        #expect(try String(contentsOfFile: "\(keys)/hies/barts.key", encoding: .utf8) != key)
        try key.write(toFile: "\(keys)/hies/barts.key", atomically: true, encoding: .utf8)
        let wrong = try await WherryProcess.run("pki", "show", "--dir", keys)
        #expect(wrong.status == 1 && wrong.output.contains("does not match its key"))
    }

    @Test("requests for an authority elsewhere need none here")
    func requests() async throws {
        let made = try await issue("--request", "--broker", "nel")
        #expect(made.status == 0 && made.output.contains("nel.csr\trequested"), "\(made.errors)")
        #expect(!FileManager.default.fileExists(atPath: "\(keys)/ca.pem"))
    }

    @Test("what is wrong is named, with status 2 for what was asked and 1 for what could not be done")
    func refused() async throws {
        let cases: [([String], Int32, String)] = [
            (["issue", "--topology", topology], 2, "--dir"),
            (["issue", "--dir", keys, "--topology", topology], 2, "wherry pki init"),
            (["renew", "--dir", keys], 2, "wherry pki init"), (["show", "--dir", keys], 2, "wherry pki init"),
            (["show"], 2, "--dir"), (["show", "--dir", keys, "x.pem"], 2, "--dir"),
            (["show", place.file("missing.pem")], 1, "missing.pem"), (["show", topology], 1, "topology.yaml"),
            (["init", "--dir", "\(topology)/x"], 1, "--dir"), (["init", "--dir", keys, "--days", "0"], 2, "--days"),
            (["init", "--dir", keys, "--name", ""], 2, "--name"),
            (["issue", "--dir", keys, "--topology", topology, "--hie", "nobody"], 2, "nobody"),
            (["issue", "--dir", keys, "--topology", topology, "--broker", "sel"], 2, "sel"),
            (["issue", "--dir", keys, "--topology", topology, "--dns", "10.0.0.1"], 2, "IP address"),
            (["renew", "--dir", keys, "--within", "soon"], 2, "--within"),
        ]
        for (arguments, status, word) in cases {
            let result = try await WherryProcess(["pki"] + arguments).result()
            #expect(result.status == status, "\(arguments): \(result.status) \(result.errors)")
            #expect(result.errors.contains(word), "\(arguments): \(result.errors)")
        }
        _ = try await WherryProcess.run("pki", "init", "--dir", keys)
        let twice = try await WherryProcess.run("pki", "init", "--dir", keys)
        #expect(twice.status == 2 && twice.errors.contains("ca.pem"))
        let plain = try Files.write(Files.topology, "plain.yaml", in: place)
        let address = try await WherryProcess.run("pki", "issue", "--dir", keys, "--topology", plain)
        #expect(address.status == 2 && address.errors.contains("127.0.0.1") && address.errors.contains("--dns"))
    }

    @Test("a worker shows what ends soon in status and metrics, and does not start with another HIE's certificate")
    func worker() async throws {
        let room = try KeyRoom(at: KeyRoom.present())
        try room.issue(room.barts, days: 10, at: KeyRoom.present())
        let file = try Files.write(
            Files.topology.replacing("amqp://127.0.0.1:1", with: "amqps://localhost:1"), "tls.yaml", in: place)
        let tls = ["ca", "cert", "key"].flatMap { part in
            [
                "--tls-\(part)",
                room.file(part == "ca" ? "ca.pem" : part == "cert" ? "hies/barts.pem" : "hies/barts.key"),
            ]
        }
        let refused = try await WherryProcess(
            ["worker", "--topology", file, "--hie", "homerton", "--data", place.file("homerton")] + tls
        ).result()
        #expect(refused.status == 2 && refused.errors.contains("barts.pem is that of CN=barts, not of homerton"))
        let worker = try await WorkerProcess.start(
            "barts", topology: file, data: place.file("barts"), tls[0], tls[1], tls[2], tls[3], tls[4], tls[5])
        let status = try await WherryProcess.run("status", "--from", worker.url)
        let lines = status.output.split(separator: "\n").filter { $0.hasPrefix("certificate\t") }
        #expect(lines.count == 1 && lines.first?.contains("barts.pem\tCN=barts\texpires soon\t") == true, "\(lines)")
        let json = try await WherryProcess.run("status", "--from", worker.url, "--json")
        let shown = try JSON.parse(Array(json.output.utf8))["certificates"]?.elements ?? []
        #expect(shown.map { $0["kind"]?.text } == ["own", "authority"])
        #expect(shown.map { $0["state"]?.text } == ["expiresSoon", "valid"])
        #expect(shown.first?["daysLeft"]?.integer == 9)
        let metrics = try await Subprocess.run("/usr/bin/curl", ["-sS", "\(worker.url)/metrics"])
        let name = "wherry_certificate_expiry_timestamp_seconds{kind=\"own\",file=\"barts.pem\",subject=\"CN=barts\"} "
        #expect(metrics.contains(name))
        let end = try await worker.stop()
        #expect(end.errors.contains("certificate.ends") && end.errors.contains("certificate.state=expires soon"))
    }
}
