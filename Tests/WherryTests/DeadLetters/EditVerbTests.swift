import CareRecord
import Foundation
import TestSupport
import Testing

@testable import wherry

/// `wherry deadletters edit` against a server with canned answers.
@Suite("Editing from the command line") struct EditVerbTests {
    private typealias Answer = CannedWorker.Answer

    private static let act = "POST /api/deadletters/4711/edit"
    private static let body = #"{"seq":42,"patient":"x"}"#

    private static func worker() throws -> CannedWorker {
        try CannedWorker([
            "GET /api/deadletters/4711": Answer(LetterSamples.page(body: Array(body.utf8)).compactText),
            act: Answer(#"{"id":4711,"diff":["-a","+b"],"foreseen":{"verdict":"apply"},"letter":{}}"#),
        ])
    }

    private static func run(
        _ worker: CannedWorker, _ arguments: String..., input: String = ""
    ) async throws -> WherryProcess.Result {
        try await WherryProcess(
            ["deadletters", "edit", "4711", "--reason", "number", "--from", worker.url] + arguments, input: input,
            environment: ["USER": "ada"]
        ).result()
    }

    /// On a terminal, with an editor that is this program of a shell.
    private static func edit(
        _ worker: CannedWorker, editor: String, typed: String, _ more: [String: String] = [:]
    ) async throws -> WherryProcess.Result {
        try await WherryProcess(
            onTerminal: 100, 24, ["deadletters", "edit", "4711", "--reason", "number", "--from", worker.url],
            input: typed, environment: ["USER": "ada", "VISUAL": "", "EDITOR": editor].merging(more) { $1 }
        ).result()
    }

    @Test("a body comes from standard input, headers and properties from options; only what changes is sent")
    func options() async throws {
        let worker = try Self.worker()
        let result = try await Self.run(
            worker, "--body-file", "-", "--set-header", "wherry-after=40", "--remove-header", "wherry-epoch", "--type",
            "wherry.changes.v2", "--app-id", "barts", "--yes", input: #"{"seq":43,"patient":"x"}"#)
        #expect(result.status == 0, "\(result.errors)")
        #expect(
            result.output == "edited\t4711\ndiff\t-a\ndiff\t+b\nreplay\tnow\tit would be applied\n", "\(result.output)")
        #expect(
            worker.request(Self.act)?.json == [
                "by": "ada", "reason": "number", "body": #"{"seq":43,"patient":"x"}"#,
                "headers": ["wherry-after": 40, "wherry-epoch": .null], "type": "wherry.changes.v2",
            ])
    }

    @Test("what cannot be asked is not stored, and what is the same is not sent") func refused() async throws {
        let worker = try Self.worker()
        let silent = try await Self.run(worker, "--type", "x")
        #expect(silent.status == 2 && silent.errors.contains("--yes"))
        let nothing = try await Self.run(worker)
        #expect(nothing.status == 2 && nothing.errors.contains("--body-file") && worker.lines.isEmpty)
        let same = try await Self.run(worker, "--type", "wherry.changes.v1", "--yes")
        #expect(same.status == 0 && same.errors.contains("nothing was done"))
        let missing = try await Self.run(worker, "--remove-header", "none", "--yes")
        #expect(missing.status == 2 && missing.errors.contains("wherry-epoch"))
        let file = try await Self.run(worker, "--body-file", "missing", "--yes")
        #expect(file.status == 2 && file.errors.contains("missing"))
        #expect(worker.request(Self.act) == nil)
    }

    @Test("a worker's refusal is told") func conflict() async throws {
        let worker = try CannedWorker { request, _ in
            request.method == "GET"
                ? Answer(LetterSamples.page().compactText)
                : Answer(#"{"error":"conflict","detail":"letter 4711 is resolved"}"#, status: 409)
        }
        let result = try await Self.run(worker, "--type", "x", "--yes")
        #expect(result.status == 1 && result.errors == "letter 4711 is resolved\n" && result.output.isEmpty)
    }

    @Test("an editor gets the body spread over lines, in a file of its own, and a yes stores one line again")
    func editor() async throws {
        let worker = try Self.worker()
        let directory = try TemporaryDirectory()
        let program = """
            f() { stat -c '%a %n' "$1" > \(directory.file("seen")); cat "$1" >> \(directory.file("seen")); \
            sed -i s/42/43/ "$1"; }; f
            """
        let result = try await Self.edit(worker, editor: program, typed: "yes\n", ["TMPDIR": directory.path])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("store this as letter 4711? (yes or no):"))
        #expect(result.output.contains("-  \"seq\": 42,") && result.output.contains("it would be applied"))
        #expect(worker.request(Self.act)?.json["body"]?.text == #"{"seq":43,"patient":"x"}"#)
        let seen = try String(contentsOfFile: directory.file("seen"), encoding: .utf8)
        #expect(seen.hasPrefix("600 \(directory.path)/wherry-edit-"), "\(seen)")
        #expect(seen.hasSuffix("\n{\n  \"seq\": 42,\n  \"patient\": \"x\"\n}\n"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["seen"])
    }

    @Test(
        "nothing is stored without a yes, without a change, or when the editor fails",
        arguments: [
            ("sed -i s/42/43/", "no\n", 2, "nothing was done"), ("true", "", 0, "is as it was"),
            ("false", "", 1, "ended with status 1"), ("no-such-editor", "", 1, "status 127"),
            ("touch", "yes\n", 0, "is as it was"),
            (#"f() { echo '{' > "$1"; }; f"#, "no\n", 2, "that is no JSON (line 2"),
            (#"f() { kill -INT $$; }; f"#, "", 1, "ended with status 130"),
        ])
    func unchanged(_ editor: String, _ typed: String, _ status: Int, _ word: String) async throws {
        let worker = try Self.worker()
        let directory = try TemporaryDirectory()
        let result = try await Self.edit(worker, editor: editor, typed: typed, ["TMPDIR": directory.path])
        #expect(result.status == status && result.output.contains(word), "\(result.output)")
        #expect(worker.request(Self.act) == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }

    @Test("the text is removed also when the program is told to end while the editor runs") func ended() async throws {
        let worker = try Self.worker()
        let directory = try TemporaryDirectory()
        // The editor tells the program that waits for it to end, as a terminal that is closed does.
        let program = #"f() { kill -HUP $PPID; kill -TERM $PPID; kill -HUP $$; }; f"#
        let result = try await Self.edit(worker, editor: program, typed: "", ["TMPDIR": directory.path])
        #expect(result.status == 1 && result.output.contains("nothing was done"), "\(result.output)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }
}
