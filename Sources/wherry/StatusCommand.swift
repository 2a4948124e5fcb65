import ArgumentParser
import Foundation

/// Shows how a worker stands with each of its peers.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how a worker stands with its peers and brokers.",
        discussion: """
            Of every other HIE of the topology: how complete the worker's index is, as of when, what is missing, and \
            why; what is parked as dead letters and what to do about it; and whether the numbers of every source add \
            up: published = applied + held + discarded + behind.

            Examples:
              wherry status --from http://127.0.0.1:8080
              wherry status --from 127.0.0.1:8080 --watch
            """)

    private static let watchInterval = Duration.seconds(2)

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @Flag(help: "Show it again every two seconds, until it is interrupted.")
    var watch = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await WorkerClient.with(from) { client in
            try await show(client)
            while watch {
                try await Task.sleep(for: Self.watchInterval)
                do {
                    try await show(client)
                } catch let failure as CommandFailure {
                    // A worker that restarts is worth waiting for.
                    Terminal.printError(failure.description)
                }
            }
        }
    }

    private func show(_ client: WorkerClient) async throws {
        let reply = try await client.get("/api/peers")
        let json = try reply.json(from: from)
        if output.isJSON { return Terminal.print(String(decoding: reply.body, as: UTF8.self)) }
        if watch, Terminal.isTerminal { Terminal.print("\u{1B}[H\u{1B}[2J") }
        StatusView(json: json).print()
    }
}
