import ArgumentParser
import CareRecord
import Foundation

/// Proves what came of a replay.
struct DeadLettersReport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Print what came of a replay: who, when, why, and each letter.",
        discussion: """
            Applied, duplicate, superseded, failed again and not attempted, altogether, by cause, and letter by \
            letter, beside what was foreseen. html is one page that needs nothing else; --json is --format json.

            Examples:
              wherry deadletters report 12-3f9ab2c4 --from http://127.0.0.1:8080
              wherry deadletters report 12-3f9ab2c4 --format html --out replay-12.html --from 127.0.0.1:8080
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
        case html
    }

    @Argument(help: .init("The plan's name.", valueName: "plan"))
    var plan: PlanName

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @Option(help: "The form: text, json or html (default: text).")
    var format: Format?

    @Option(help: .init("Write it into this file.", valueName: "file"), completion: .file())
    var out: String?

    @Flag(help: "Replace the file.")
    var force = false

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if output.isJSON, let format, format != .json {
            throw ValidationError("--json and --format \(format.rawValue) exclude each other")
        }
        if force, out == nil { throw ValidationError("--force goes with --out") }
    }

    func run() async throws {
        let form = output.isJSON ? Format.json : format ?? .text
        let path = "\(plan.path)/report?format=\(form.rawValue)"
        let secondsMax = DeadLettersExport.secondsMax
        let target = try out.map { try OutputFile($0, force ? .replaced : .refused) }
        try await WorkerClient.with(from) { client in
            guard let target else {
                var lines = TerminalLines(isTerminal: Terminal.isTerminal)
                try await client.download(path, secondsMax: secondsMax) { try OutputStreams.write(lines.take($0)) }
                return try OutputStreams.write(lines.end())
            }
            try await client.download(path, secondsMax: secondsMax) { try target.write($0) }
        }
        guard let target, let out else { return }
        try target.finish()
        if Terminal.isInteractive, !output.isJSON { Terminal.print("written to \(Table.Cell(out).text)") }
    }
}

/// Text that comes in pieces and may go to a terminal, which nothing in it may control.
struct TerminalLines {
    private let isTerminal: Bool
    private var rest: [UInt8] = []

    init(isTerminal: Bool) { self.isTerminal = isTerminal }

    /// The whole lines so far, fit for a terminal; elsewhere the bytes as they are.
    mutating func take(_ bytes: [UInt8]) -> [UInt8] {
        guard isTerminal else { return bytes }
        rest += bytes
        guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        let lines = VisibleText.lines(String(decoding: rest[...end], as: UTF8.self))
        rest.removeFirst(end + 1)
        return Array(lines.map { $0 + "\n" }.joined().utf8)
    }

    /// What stands after the last end of a line.
    mutating func end() -> [UInt8] {
        defer { rest = [] }
        guard !rest.isEmpty else { return [] }
        return Array((VisibleText.line(String(decoding: rest, as: UTF8.self)) + "\n").utf8)
    }
}
