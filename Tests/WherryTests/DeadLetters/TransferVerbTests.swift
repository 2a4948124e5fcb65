import CareRecord
import Foundation
import TestSupport
import Testing

@testable import wherry

/// Export, import and report against a server with canned answers.
@Suite("Letters and reports in files") struct TransferVerbTests {
    private typealias Answer = CannedWorker.Answer

    private static let lines = (1...500).map { #"{"id":\#($0)}"# }.joined(separator: "\n") + "\n"

    private static func run(
        _ worker: CannedWorker, _ arguments: String..., input: String = ""
    ) async throws -> WherryProcess.Result {
        try await WherryProcess(
            ["deadletters"] + arguments + ["--from", worker.url], input: input, environment: ["USER": "ada"]
        ).result()
    }

    @Test("an export is whole, its owner's alone, and never takes the place of a file unless it is told to")
    func export() async throws {
        let worker = try CannedWorker([
            "GET /api/deadletters/export?cause=schema": Answer(Self.lines, type: "application/x-ndjson")
        ])
        let directory = try TemporaryDirectory()
        let file = directory.file("letters.ndjson")
        let result = try await Self.run(worker, "export", file, "--cause", "schema")
        #expect(result.status == 0 && result.output == "exported\t500\t\(file)\n", "\(result.errors)")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == Self.lines)
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        try Data("kept".utf8).write(to: URL(filePath: file))
        let refused = try await Self.run(worker, "export", file, "--cause", "schema")
        #expect(refused.status == 2 && refused.errors.contains("--force") && worker.lines.count == 1)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "kept")
        let forced = try await Self.run(worker, "export", file, "--cause", "schema", "--force", "--json")
        #expect(forced.status == 0 && forced.output == "{\"exported\":500,\"file\":\"\(file)\"}\n")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == Self.lines)
        let piped = try await Self.run(worker, "export", "-", "--cause", "schema")
        #expect(piped.status == 0 && piped.output == Self.lines)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["letters.ndjson"])
    }

    @Test("an export that breaks off leaves nothing behind") func brokenExport() async throws {
        let worker = try CannedWorker { _, earlier in
            earlier == 0 ? Answer(Self.lines, missing: 10) : Answer(String(Self.lines.dropLast(3)))
        }
        let directory = try TemporaryDirectory()
        for word in ["broke off", "in the middle of a letter"] {
            let result = try await Self.run(worker, "export", directory.file("x"))
            #expect(result.status == 1 && result.output.isEmpty && result.errors.contains(word), "\(result.errors)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
        let nowhere = try await Self.run(worker, "export", directory.file("missing/x"))
        #expect(nowhere.status == 1 && nowhere.errors.contains("cannot be written"))
    }

    @Test("an import sends whole lines in parts, says who, and names refused lines by their place in the file")
    func importing() async throws {
        let line = #"{"x":"\#(String(repeating: "y", count: 9_999))"}"# + "\n"
        let worker = try CannedWorker { request, _ in
            let count = request.body.count { $0 == 0x0A }
            return Answer(
                #"{"imported":\#(count - 1),"known":0,"refused":[{"line":\#(count),"reason":"no id"}],"refusedCount":1}"#
            )
        }
        let directory = try TemporaryDirectory()
        try String(repeating: line, count: 1000).write(
            toFile: directory.file("x"), atomically: false, encoding: .utf8)
        let result = try await Self.run(worker, "import", directory.file("x"))
        let requests = worker.requests
        #expect(requests.count > 1 && requests.allSatisfy { $0.line == "POST /api/deadletters/import" })
        #expect(requests.allSatisfy { $0.headers["wherry-person"] == "ada" && $0.body.last == 0x0A })
        #expect(requests.allSatisfy { $0.headers["content-type"] == "application/x-ndjson" })
        #expect(requests.map(\.text).joined().utf8.count == line.utf8.count * 1000)
        #expect(result.status == 2 && result.errors.contains("line 1000: no id"), "\(result.errors)")
        #expect(result.output == "imported\t\(1000 - requests.count)\nknown\t0\nrefused\t\(requests.count)\n")
    }

    @Test("an import of standard input without a mistake ends with 0; one that a worker cannot take is told")
    func standardInput() async throws {
        let worker = try CannedWorker { request, _ in
            request.body.isEmpty ? nil : Answer(#"{"imported":1,"known":1,"refused":[],"refusedCount":0}"#)
        }
        let result = try await Self.run(worker, "import", "-", "--json", input: "{}\n{}\n")
        #expect(
            result.status == 0 && result.output == #"{"imported":1,"known":1,"refused":[],"refusedCount":0}"# + "\n")
        let missing = try await Self.run(worker, "import", "missing.ndjson")
        #expect(missing.status == 2 && missing.errors.contains("missing.ndjson"))
    }

    @Test("a report is printed, or written into a file, in the form that is asked for") func report() async throws {
        let path = "GET /api/deadletters/plans/12-3f9ab2c4/report?format="
        let text = "Plan 12 \u{1B}[2J\n1 letter\nend"
        let worker = try CannedWorker([
            path + "text": Answer(text, type: "text/plain"), path + "json": Answer("{}"),
            path + "html": Answer("<p>", type: "text/html"),
        ])
        let plain = try await Self.run(worker, "report", "12-3f9ab2c4")
        #expect(plain.status == 0 && plain.output == text)
        let json = try await Self.run(worker, "report", "12-3f9ab2c4", "--json")
        #expect(json.status == 0 && json.output == "{}")
        let directory = try TemporaryDirectory()
        let file = directory.file("report.html")
        let html = try await Self.run(worker, "report", "12-3f9ab2c4", "--format", "html", "--out", file)
        #expect(html.status == 0 && html.output.isEmpty && html.errors.isEmpty)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "<p>")
        let again = try await Self.run(worker, "report", "12-3f9ab2c4", "--out", file)
        #expect(again.status == 2 && again.errors.contains("--force"))
        let shown = try await WherryProcess.run(
            onTerminal: 80, 24, "deadletters", "report", "12-3f9ab2c4", "--from", worker.url)
        #expect(shown.status == 0 && !shown.output.contains("\u{1B}") && shown.output.contains("Plan 12 ␛[2J"))
        #expect(shown.output.contains("end"))
    }

    @Test("text in pieces is fit for a terminal wherever it is cut") func pieces() {
        let text = "é\u{1B}[2J日\r\nlast\u{9B}"
        for cut in 0...text.utf8.count {
            var lines = TerminalLines(isTerminal: true)
            let bytes = Array(text.utf8)
            let shown = lines.take(Array(bytes[..<cut])) + lines.take(Array(bytes[cut...])) + lines.end()
            #expect(String(decoding: shown, as: UTF8.self) == "é␛[2J日\nlast<U+009B>\n")
        }
        var plain = TerminalLines(isTerminal: false)
        #expect(plain.take([0x1B]) == [0x1B] && plain.end() == [])
    }
}
