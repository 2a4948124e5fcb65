import ArgumentParser
import CareRecord
import Foundation

/// Looks after a worker's index.
struct IndexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Verify a worker's index against its sources, or build it anew.",
        subcommands: [IndexVerify.self, IndexRebuild.self])
}

/// Compares the index with every source.
struct IndexVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare a worker's index with every source.",
        discussion: """
            The worker counts every row of its index, asks each connected source for its digest, and compares the two \
            at the same number of the source's journal. What differs is mended by itself. The exit status is 1 when a \
            source differs or could not be compared.

            Examples:
              wherry index verify --from http://127.0.0.1:8080
              wherry index verify --from 127.0.0.1:8080 --json
            """)

    private static let secondsMax: Int64 = 600

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await WorkerClient.with(from) { client in
            let reply = try await client.act("/api/index/verify", secondsMax: Self.secondsMax)
            let json = try reply.json(from: from)
            if output.isJSON {
                Terminal.print(String(decoding: reply.body, as: UTF8.self))
            } else {
                show(json)
            }
            if json["equal"]?.bool != true { throw CommandFailure.alreadyReported }
        }
    }

    private func show(_ json: JSON) {
        var section = Section("Index of \(json["hie"]?.text ?? "?")", .init("HIE"), .init("state"), .init("why"))
        for source in json["sources"]?.elements ?? [] {
            let state = source["state"]?.text ?? "?"
            section.append(
                "source", .init(source["hie"]?.text ?? "?"), .init(state, state == "equal" ? .green : .red),
                .init(source["reason"]?.text ?? "", .dim))
        }
        section.print()
    }
}

/// Sets the index aside and lets it fill again.
struct IndexRebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Set a worker's index aside and let it fill again from its peers.",
        discussion: """
            Lookups go on and say for every source how far it is (joining N of M). The old file is kept beside the new \
            one as index.sqlite.unsound-N, the latest two of them.

            Example:
              wherry index rebuild --from http://127.0.0.1:8080
            """)

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await WorkerClient.with(from) { client in
            let reply = try await client.act("/api/index/rebuild", secondsMax: 60)
            let json = try reply.json(from: from)
            if output.isJSON { return Terminal.print(String(decoding: reply.body, as: UTF8.self)) }
            Terminal.print(
                "the index of \(json["hie"]?.text ?? "the worker") is being filled anew: "
                    + "wherry status --from \(from) shows how far it is")
        }
    }
}
