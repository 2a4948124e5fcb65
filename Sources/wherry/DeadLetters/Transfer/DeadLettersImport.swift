import ArgumentParser
import CareRecord

/// Takes in letters that were exported.
struct DeadLettersImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take in dead letters that were exported, here or elsewhere.",
        discussion: """
            Letters that are there already are known again, so that the same file can be taken in twice. The lines \
            that are refused are named on standard error, and the exit status is then 2; the others are taken in.

            Examples:
              wherry deadletters import letters.ndjson --from http://127.0.0.1:8080
              gunzip -c letters.ndjson.gz | wherry deadletters import - --from 127.0.0.1:8080
            """)

    /// A letter holds its message up to twice, and more than its length in base 64.
    private static let lineBytesMax = 96 << 20
    private static let secondsMax: Int64 = 300

    @Argument(help: .init("A file, or - for standard input.", valueName: "file"), completion: .file())
    var file: String

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @OptionGroup var who: OperatorOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let tally: ImportTally
        do {
            var lines = LineReader(try ByteReader(path: file), lineBytesMax: Self.lineBytesMax)
            tally = try await send(&lines)
        } catch let failure as Payload.Failure {
            throw CommandFailure(.refused, failure.reason)
        }
        if output.isJSON {
            Terminal.print(tally.json.compactText)
        } else {
            tally.screen(.current).print()
        }
        guard tally.refusedCount > 0 else { return }
        throw CommandFailure(.refused, tally.complaints.joined(separator: "\n"))
    }

    private func send(_ lines: inout LineReader) async throws -> ImportTally {
        let progress = ProgressBar(total: InputFile.size(of: file))
        defer { progress.clear() }
        return try await WorkerClient.with(from) { client in
            var tally = ImportTally()
            while let part = try lines.next() {
                let reply = try await client.ask(
                    "/api/deadletters/import", type: "application/x-ndjson", headers: [("Wherry-Person", who.name)],
                    part.bytes, secondsMax: Self.secondsMax)
                tally.add(try reply.json(from: from), firstLine: part.firstLine)
                progress.advance(part.bytes.count)
            }
            return tally
        }
    }
}
