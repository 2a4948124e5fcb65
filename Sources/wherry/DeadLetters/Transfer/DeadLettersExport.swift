import ArgumentParser
import CareRecord
import Foundation

/// Writes letters into a file.
struct DeadLettersExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write dead letters into a file: one a line, as JSON, whole.",
        discussion: """
            The file appears when it is complete, readable for its owner alone; one that is there already is replaced \
            only with --force. Without options: all that is parked. import takes it in again, here or elsewhere.

            Examples:
              wherry deadletters export letters.ndjson --from http://127.0.0.1:8080
              wherry deadletters export - --cause schema --from 127.0.0.1:8080 | gzip > letters.ndjson.gz
            """)

    static let secondsMax: Int64 = 3600

    @Argument(help: .init("A file, or - for standard output.", valueName: "file"), completion: .file())
    var file: String

    @OptionGroup var selection: SelectionOptions

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @Flag(help: "Replace the file.")
    var force = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let query = selection.selection.query()
        let path = "/api/deadletters/export" + (query.isEmpty ? "" : "?\(query)")
        guard file != "-" else {
            return try await WorkerClient.with(from) { client in
                try await client.download(path, secondsMax: Self.secondsMax) { bytes in
                    try OutputStreams.write(bytes)
                }
            }
        }
        let target = try OutputFile(file, force ? .replaced : .refused)
        let progress = ProgressBar(total: nil)
        defer { progress.clear() }
        var letters = 0
        try await WorkerClient.with(from) { client in
            try await client.download(path, secondsMax: Self.secondsMax) { bytes in
                try target.write(bytes)
                letters += bytes.count { $0 == UInt8(ascii: "\n") }
                progress.advance(bytes.count)
            }
        }
        guard target.lastByte == nil || target.lastByte == UInt8(ascii: "\n") else {
            throw CommandFailure(.failed, "\(from) ended its answer in the middle of a letter: try again")
        }
        try target.finish()
        progress.clear()
        say(letters)
    }

    private func say(_ letters: Int) {
        if output.isJSON {
            let json: JSON = ["exported": .number("\(letters)"), "file": .string(file)]
            Terminal.print(json.compactText)
        } else if Terminal.isInteractive {
            Terminal.print("exported: \(Invocation.letters(letters)) to \(Table.Cell(file).text)")
        } else {
            Terminal.print("exported\t\(letters)\t\(Table.Cell(file).text)")
        }
    }
}

/// Standard output, for what comes in pieces.
enum OutputStreams {
    /// Throws where nobody reads any more: the rest need not be fetched.
    static func write(_ bytes: [UInt8]) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(bytes))
        } catch {
            throw CommandFailure.alreadyReported
        }
    }
}
