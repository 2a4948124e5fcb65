import ArgumentParser
import CareRecord

/// Lists what could not be applied.
struct DeadLettersList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the dead letters: how many of which cause, what to do, and the newest ones.",
        discussion: """
            Without options: what is parked, that is, what waits. The causes come first, each with what to do about \
            it, then the newest letters.

            Into a pipe it prints tab-separated lines, the kind first: group, remedy, letter. --json prints the \
            worker's answer: the first letters in order of their number, and in next after which one to go on (--after).

            Examples:
              wherry deadletters list --from http://127.0.0.1:8080
              wherry deadletters list --from 127.0.0.1:8080 --cause schema,undecodable --source barts --older-than 2h
              wherry dlq list --from 127.0.0.1:8080 --state all --search 9990000018 --limit 100
            """)

    static let limitMax = 1000
    private static let limitUsual = 20
    private static let secondsMax: Int64 = 60
    private static let watchInterval = Duration.seconds(2)

    @OptionGroup var selection: SelectionOptions

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @Option(help: .init("How many letters to show, 0 to \(Self.limitMax) (default: 20).", valueName: "number"))
    var limit: Int?

    @Option(help: .init("Show the letters above this number, in order, and not the newest.", valueName: "id"))
    var after: Int64?

    @Flag(help: "Show the groups only, all of them.")
    var group = false

    @Flag(help: "Show it again every two seconds, until it is interrupted.")
    var watch = false

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if let limit, !(0...Self.limitMax).contains(limit) {
            throw ValidationError("--limit is 0 to \(Self.limitMax)")
        }
        if let after, after < 0 { throw ValidationError("--after is a letter's number") }
        if group, limit != nil || after != nil { throw ValidationError("--group shows no letters: leave --limit out") }
    }

    func run() async throws {
        try await WorkerClient.with(from) { client in
            try await show(client)
            while watch {
                try await Task.sleep(for: Self.watchInterval)
                do {
                    try await show(client)
                } catch let failure as CommandFailure where failure.status == .failed {
                    // A worker that restarts is worth waiting for.
                    Terminal.printError(failure.description)
                }
            }
        }
    }

    private var limitShown: Int { group ? 0 : limit ?? Self.limitUsual }

    private func show(_ client: WorkerClient) async throws {
        if output.isJSON {
            let page = group || limit != nil ? limitShown : nil
            let reply = try await client.get(path(after: after, limit: page), secondsMax: Self.secondsMax)
            _ = try reply.json(from: from)
            return Terminal.print(String(decoding: reply.body, as: UTF8.self))
        }
        let view = try await view(client)
        if watch, Terminal.isTerminal { Terminal.draw("\u{1B}[H\u{1B}[2J") }
        view.screen(.current).print()
        if view.total == 0, !Terminal.isInteractive { Terminal.printError(view.emptyText) }
    }

    private func view(_ client: WorkerClient) async throws -> LetterListView {
        var search = TailSearch(wanted: limitShown)
        let isWhole = after != nil || limitShown == 0
        let limit = isWhole ? limitShown : TailSearch.pageLetters
        let first = try await page(client, after: after, limit: limit)
        var letters = first["deadLetters"]?.elements ?? []
        var json = first
        var isFound = isWhole
        while !isFound {
            let page = json["deadLetters"]?.elements ?? []
            let total = Int(clamping: first["total"]?.integer ?? 0)
            switch search.take(page, hasMore: json["next"]?.integer != nil, total: total) {
            case .found(let last):
                letters = last
                isFound = true
            case .ask(let number):
                json = try await self.page(client, after: number, limit: TailSearch.pageLetters)
            }
        }
        let extent: LetterListView.Extent = group ? .groups : after == nil ? .newest : .following
        return LetterListView(
            first, letters: letters, selection: selection.selection, url: from, extent: extent)
    }

    private func page(_ client: WorkerClient, after: Int64?, limit: Int) async throws -> JSON {
        try await client.get(path(after: after, limit: limit), secondsMax: Self.secondsMax).json(from: from)
    }

    private func path(after: Int64?, limit: Int?) -> String {
        let more = [("limit", limit.map { "\($0)" }), ("after", after.map { "\($0)" })].compactMap { name, value in
            value.map { (name: name, value: $0) }
        }
        let query = selection.selection.query(more)
        return "/api/deadletters" + (query.isEmpty ? "" : "?\(query)")
    }
}
