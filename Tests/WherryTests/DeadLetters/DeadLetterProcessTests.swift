import AMQP
import CareRecord
import Foundation
import LoadTest
import Logging
import Replication
import TestSupport
import Testing

@testable import wherry

/// The verbs of dead letters against real workers: homerton parks what nobody can apply.
@Suite("Dead letters of worker processes", .serialized) struct DeadLetterProcessTests {
    private struct Mesh {
        let directory: TemporaryDirectory
        let barts: WorkerProcess
        let homerton: WorkerProcess
        let session: Session
        /// What barts published of its first patient.
        let message: Message

        func run(_ arguments: String..., input: String = "") async throws -> WherryProcess.Result {
            try await WherryProcess(
                ["dlq"] + arguments + ["--from", homerton.url], input: input, environment: ["USER": "ada"]
            ).result()
        }

        func json(_ arguments: String...) async throws -> JSON {
            let result = try await WherryProcess(
                ["dlq"] + arguments + ["--json", "--from", homerton.url], environment: ["USER": "ada"]
            ).result()
            return (try? JSON.parse(Array(result.output.utf8))) ?? .null
        }

        func publish(_ message: Message) async throws {
            let outcome = try await session.publishConfirmed(
                message, exchange: BrokerNames.changesExchange, routingKey: "change.barts", isMandatory: true)
            #expect(outcome == .confirmed)
        }

        func stop() async throws {
            await session.close()
            #expect(try await barts.stop().status == 0)
            let end = try await homerton.stop()
            #expect(end.status == 0 && !end.errors.contains(Files.number))
        }
    }

    private func mesh() async throws -> Mesh {
        let directory = try TemporaryDirectory()
        let topology = try Files.write(Files.topology, "topology.yaml", in: directory)
        let broker = try await PrivateBroker.shared().makeVirtualHost()
        let applied = try await WherryProcess.run(
            "topology", "apply", "--topology", topology, "--broker-url", broker.url)
        #expect(applied.status == 0, "\(applied.errors)")
        let session = try await Session.open(
            broker.endpoint, settings: SessionSettings(name: "letters"),
            logger: Logger(label: "letters") { _ in SwiftLogNoOpLogHandler() })
        try await session.declareQueue("copy", isDurable: false, isExclusive: true)
        try await session.bindQueue("copy", exchange: BrokerNames.changesExchange, routingKey: "change.barts")
        let consumer = try await session.consume("copy", prefetchMax: 10)
        func start(_ hie: String) async throws -> WorkerProcess {
            try await WorkerProcess.start(
                hie, topology: topology, data: directory.file(hie), "--broker-url", broker.url, "--pulse-interval",
                "200ms")
        }
        let (barts, homerton) = (try await start("barts"), try await start("homerton"))
        let ingest = try await WherryProcess.run("ingest", "--to", barts.url, "-", input: Files.bundle())
        #expect(ingest.status == 0, "\(ingest.errors)")
        let isThere = try await eventually {
            let lookup = try await WherryProcess.run("lookup", Files.number, "--from", homerton.url)
            return lookup.output.contains("coverage\tbarts\tcomplete") && lookup.output.contains("allergy\t")
        }
        #expect(isThere)
        let message = try #require(try await consumer.next(max: 1).first).message
        return Mesh(directory: directory, barts: barts, homerton: homerton, session: session, message: message)
    }

    /// Parks a message of a type that nobody knows, which is a good one otherwise, and bytes that are no change.
    private func park(_ mesh: Mesh) async throws -> (unknownType: Int64, other: Int64) {
        var future = mesh.message
        future.messageID = "letter-of-the-future"
        future.type = "wherry.changes.v9"
        future.headers[HeaderName.type] = .string("wherry.changes.v9")
        try await mesh.publish(future)
        var junk = mesh.message
        junk.messageID = "junk"
        junk.appID = "nobody"
        junk.body = Array("\u{1B}[2Jnot a change\n".utf8) + [0xFF]
        try await mesh.publish(junk)
        var list = JSON.null
        let areThere = try await eventually {
            list = try await mesh.json("list")
            return list["total"]?.integer == 2
        }
        #expect(areThere, "\(list.compactText)")
        let letters = list["deadLetters"]?.elements ?? []
        let unknown = try #require(letters.first { $0["cause"] == "unknown-type" }?["id"]?.integer)
        return (unknown, try #require(letters.compactMap { $0["id"]?.integer }.first { $0 != unknown }))
    }

    @Test("P2, P6: what is parked is listed, shown, edited, planned, replayed and reported, and its numbers add up")
    func replay() async throws {
        let mesh = try await mesh()
        let (unknown, other) = try await park(mesh)
        let list = try await mesh.run("list")
        #expect(list.status == 0 && list.output.contains("group\tunknown-type\t"), "\(list.output)\(list.errors)")
        #expect(list.output.contains("remedy\tunknown-type\t") && list.output.contains("letter\t\(unknown)\t"))
        let page = try await mesh.run("show", "\(unknown)")
        #expect(page.status == 0 && page.output.contains("replay\tnow\tit would be refused again: unknown-type"))
        let junk = try await mesh.run("show", "\(other)")
        #expect(
            junk.status == 0 && LetterSamples.isHarmless(junk.output) && junk.output.contains("body\t00000000  1b 5b"))

        let plan = try await mesh.json("plan")
        let name = try #require(plan["plan"]?.text)
        #expect(plan["count"] == 2 && plan["foreseen"]?["failAgain"] == 2)
        let replay = try await mesh.run("replay", name, "--reason", "to see it fail")
        #expect(replay.status == 1, "\(replay.output)\(replay.errors)")
        #expect(replay.output.contains("plan\t\(name)\tfinished\t2\t") && replay.output.contains("\tfailed again"))
        let report = try await mesh.json("report", name)
        let text = try await mesh.run("report", name)
        #expect(report != .null && text.status == 0 && text.output.contains(name), "\(text.output)")
        let pageOfReport = mesh.directory.file("report.html")
        let html = try await mesh.run("report", name, "--format", "html", "--out", pageOfReport)
        #expect(try html.status == 0 && String(contentsOfFile: pageOfReport, encoding: .utf8).contains("<html"))
        #expect(try await mesh.json("list")["total"] == 2)
        let again = try await mesh.run("replay", name)
        #expect(again.status == 1 && again.errors.contains("was replayed before"))
        #expect(try await mesh.run("plans").output.contains("plan\t\(name)\tfinished\t2\t2\t2\tada"))
        // As a message of this version it is what the index has already, and needs nobody any more.
        let edit = try await mesh.run(
            "edit", "\(unknown)", "--reason", "type", "--type", "wherry.changes.v1", "--set-header",
            "\(HeaderName.type)=wherry.changes.v1", "--yes")
        #expect(edit.status == 0 && edit.output.contains("+"), "\(edit.output)\(edit.errors)")
        #expect(try await eventually { try await mesh.json("list")["total"] == 1 })
        let lookup = try await WherryProcess.run("lookup", Files.number, "--from", mesh.homerton.url)
        #expect(lookup.output.contains("allergy\t"))
        try await mesh.stop()
    }

    @Test("P6: what is discarded can be restored; what is exported can be taken in elsewhere; status shows both")
    func discard() async throws {
        let mesh = try await mesh()
        let (unknown, other) = try await park(mesh)
        let silent = try await mesh.run("discard", "--id", "\(other)", "--reason", "junk")
        #expect(silent.status == 2)
        let discard = try await mesh.run("discard", "--id", "\(other)", "--reason", "junk", "--count", "1")
        #expect(discard.status == 0 && discard.output == "discarded\t1\n", "\(discard.errors)")
        #expect(try await mesh.json("list", "--state", "discarded")["total"] == 1)
        let restore = try await mesh.run("restore", "--state", "discarded", "--reason", "look again", "--yes")
        #expect(restore.status == 0 && restore.output == "restored\t1\n", "\(restore.errors)")
        let history = try await mesh.run("show", "\(other)").output
        #expect(history.contains("\tada\tdiscarded\tjunk") || history.contains("\tada\tdiscarded"), "\(history)")

        let file = mesh.directory.file("letters.ndjson")
        let export = try await mesh.run("export", file)
        #expect(export.status == 0 && export.output.hasPrefix("exported\t2\t"), "\(export.errors)")
        for expected in ["imported\t2\nknown\t0\n", "imported\t0\nknown\t2\n"] {
            let imported = try await WherryProcess(
                ["dlq", "import", file, "--from", mesh.barts.url], environment: ["USER": "ada"]
            ).result()
            #expect(imported.status == 0 && imported.output.hasPrefix(expected), "\(imported.output)\(imported.errors)")
        }
        let status = try await WherryProcess.run("status", "--from", mesh.homerton.url)
        #expect(status.output.contains("dead-letters\tunknown-type\t1\t"), "\(status.output)")
        #expect(status.output.contains("account\tbarts\t") && status.output.contains("accounts\tadd-up"))
        #expect(unknown > 0)
        try await mesh.stop()
    }
}
