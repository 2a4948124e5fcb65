import ArgumentParser
import Foundation

/// Sends FHIR bundles, resources and NDJSON to a worker.
struct IngestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Send FHIR bundles, resources or NDJSON to a worker.",
        discussion: """
            A .json file is one bundle (transaction, batch or collection) or one resource; an .ndjson file is one \
            resource a line, of any length. Of a directory its *.json and *.ndjson are sent, sorted by name; - is \
            standard input. Sending the same again changes nothing.

            A file that is refused is reported, and the others are sent all the same. Exit status 2 when anything was \
            refused, 1 when the worker could not be reached.

            Examples:
              wherry ingest --to http://127.0.0.1:8080 patients/ extra.ndjson
              wherry population --hie barts --patients 9 --out - | wherry ingest --to localhost:8080 -
            """)

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var to: WorkerURL

    @OptionGroup var output: OutputOptions

    @Argument(help: .init("Files, directories, or - for standard input.", valueName: "file"), completion: .file())
    var files: [String]

    func run() async throws {
        let inputs = try InputFile.list(files)
        let tally = try await WorkerClient.with(to) { client in
            var ingest = Ingest(client: client, inputs: inputs, isJSON: output.isJSON)
            return try await ingest.run()
        }
        if output.isJSON { try Terminal.print(json: tally) }
        if !output.isJSON {
            Terminal.print("\(tally.files) \(tally.files == 1 ? "file" : "files"): \(tally.description)")
        }
        if tally.refusedFiles > 0 { throw CommandFailure(.refused, "") }
    }
}

/// One run of the verb: file after file, each in pieces that can be sent again.
private struct Ingest {
    /// A larger JSON text is not sent: a worker would not read it to its end.
    static let jsonBytesMax = 256 << 20

    let client: WorkerClient
    let inputs: [InputFile]
    let isJSON: Bool
    private let progress: ProgressBar
    private var tally = IngestTally()

    init(client: WorkerClient, inputs: [InputFile], isJSON: Bool) {
        self.client = client
        self.inputs = inputs
        self.isJSON = isJSON
        let sizes = inputs.compactMap(\.size)
        progress = ProgressBar(total: sizes.count == inputs.count ? sizes.reduce(0, +) : nil)
    }

    mutating func run() async throws -> IngestTally {
        defer { progress.clear() }
        for (index, input) in inputs.enumerated() {
            tally.begin()
            progress.show("\(index + 1)/\(inputs.count) \(input.path)")
            do {
                try await send(input)
            } catch let failure as Payload.Failure {
                tally.add(failure, of: input)
            }
            report(input)
        }
        return tally
    }

    private mutating func send(_ input: InputFile) async throws {
        switch (input.format, input.size) {
        case (.json, let size?): try await send(json: input, size: size)
        case (.json, nil): try await sendLines(of: input, isNDJSON: false)
        case (.ndjson, _): try await sendLines(of: input, isNDJSON: true)
        case (.unknown, _): try await sendLines(of: input, isNDJSON: nil)
        }
    }

    private mutating func send(json input: InputFile, size: Int) async throws {
        guard size <= Self.jsonBytesMax else { throw Self.tooLarge }
        _ = try ByteReader(path: input.path)
        let progress = progress
        let payload = Payload.file(path: input.path, size: size) { progress.advance($0) }
        tally.add(try await client.post("/fhir", type: "application/fhir+json", payload), of: input)
    }

    /// `isNDJSON` is `nil` where the first line is to tell.
    private mutating func sendLines(of input: InputFile, isNDJSON: Bool?) async throws {
        var lines = LineReader(try ByteReader(path: input.path))
        var isNDJSON = isNDJSON
        var text: [UInt8] = []
        while let part = try lines.next() {
            let isLines = isNDJSON ?? (InputFile.Format(start: part.bytes) == .ndjson)
            isNDJSON = isLines
            progress.advance(part.bytes.count)
            guard isLines else {
                guard text.count + part.bytes.count <= Self.jsonBytesMax else { throw Self.tooLarge }
                text += part.bytes
                continue
            }
            let path = "/fhir?firstLine=\(part.firstLine)"
            let reply = try await client.post(path, type: "application/fhir+ndjson", .bytes(part.bytes))
            tally.add(reply, of: input)
            try stopIfBroken(reply)
        }
        if isNDJSON != true {
            tally.add(try await client.post("/fhir", type: "application/fhir+json", .bytes(text)), of: input)
        }
    }

    /// A worker that fails would fail with the rest as well.
    private func stopIfBroken(_ reply: WorkerReply) throws {
        guard reply.status >= 500 else { return }
        throw CommandFailure(
            .failed, "\(client.url) answered with status \(reply.status): \(tally.errors.last?.issues.last ?? "")")
    }

    private static let tooLarge = Payload.Failure(
        reason: "larger than \(jsonBytesMax >> 20) MiB: split the bundle, or send its resources one a line as .ndjson")

    private func report(_ input: InputFile) {
        guard let refused = tally.errors.last, refused.file == input.path else { return }
        progress.clear()
        Terminal.printError(refused.issues.map { "\(input.path): \($0)" }.joined(separator: "\n"))
    }
}
