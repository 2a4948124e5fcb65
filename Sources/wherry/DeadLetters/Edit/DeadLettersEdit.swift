import ArgumentParser
import CareRecord
import Foundation

/// Changes what a letter holds.
struct DeadLettersEdit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Correct a dead letter. What came is kept beside it.",
        discussion: """
            Without --body-file or any other change the body opens in $VISUAL or $EDITOR, one JSON value spread over \
            lines; the file is the owner's alone and is removed afterwards. What is left as it was is not stored.

            The difference is shown and stored only after a yes (--yes: without asking). Then it says what a replay \
            would do now. Nothing is replayed.

            A header keeps its kind; one that is set anew is a number or true or false where it looks like one, and \
            text in double quotes.

            Examples:
              wherry deadletters edit 4711 --reason "number corrected by barts" --from http://127.0.0.1:8080
              wherry deadletters edit 4711 --reason "type" --type wherry.changes.v1 --yes --from 127.0.0.1:8080
              wherry deadletters edit 4711 --reason "body" --body-file - --yes --from 127.0.0.1:8080 < corrected
            """)

    static let bodyBytesMax = 64 << 20

    @Argument(help: .init("The letter's number.", valueName: "id"))
    var id: Int64

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @OptionGroup var who: OperatorOptions
    @OptionGroup var why: ReasonOptions

    @Option(help: .init("The body, from a file, or - for standard input.", valueName: "file"), completion: .file())
    var bodyFile: String?

    @Option(help: .init("Set a header; may be given again.", valueName: "name=value"))
    var setHeader: [String] = []

    @Option(help: .init("Take a header away; may be given again.", valueName: "name"))
    var removeHeader: [String] = []

    @Option(help: .init("The type, such as wherry.changes.v1.", valueName: "text"))
    var type: String?

    @Option(help: .init("The id of the source that sent it.", valueName: "text"))
    var appId: String?

    @Option(help: .init("The routing key, such as change.barts.", valueName: "text"))
    var routingKey: String?

    @Flag(help: "Do not ask.")
    var yes = false

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        try LetterNumber.check(id)
        for header in setHeader where HeaderValue(header) == nil {
            throw ValidationError("--set-header takes name=value, not \(Table.Cell(header).text)")
        }
        let set = Set(setHeader.compactMap { HeaderValue($0)?.name })
        if let both = removeHeader.first(where: { set.contains($0) }) {
            throw ValidationError("--set-header and --remove-header both name \(Table.Cell(both).text)")
        }
        for (name, text) in [("--type", type), ("--app-id", appId), ("--routing-key", routingKey)] {
            guard let text, !OperatorOptions.isFit(text, bytesMax: 255) else { continue }
            throw ValidationError("\(name) has 1 to 255 bytes and no control characters")
        }
    }

    func run() async throws {
        let ask = Terminal.ask
        // Before anything is read: who cannot be asked is not kept waiting.
        if !isGiven, ask == nil || !Terminal.isTerminal {
            throw CommandFailure(
                .refused, "say what to change, such as --body-file FILE: there is no terminal for an editor")
        }
        if isGiven, !yes, ask == nil {
            throw CommandFailure(.refused, "nobody can be asked here whether to store it: give --yes")
        }
        let body = try bodyFile.map { try read($0) }
        try await WorkerClient.with(from) { client in
            let letter = try await client.get(LetterNumber.path(id), secondsMax: 60).json(from: from)
            guard let draft = try draft(of: letter, body, ask) else { return sayUnchanged() }
            if !yes {
                var screen = Screen()
                append(draft.diff, "What changes", to: &screen)
                Terminal.printError(screen.text)
                try YesOrNo(question: "store this as letter \(id)?").obtain(false, ask: ask)
            }
            let act = draft.act(by: who.name, reason: why.reason)
            try show(try await client.act("\(LetterNumber.path(id))/edit", act))
        }
    }

    private var isGiven: Bool {
        bodyFile != nil || !setHeader.isEmpty || !removeHeader.isEmpty || type != nil || appId != nil
            || routingKey != nil
    }

    private func read(_ path: String) throws -> [UInt8] {
        do {
            let reader = try ByteReader(path: path)
            var bytes: [UInt8] = []
            while case let more = try reader.next(1 << 20), !more.isEmpty {
                bytes += more
                guard bytes.count <= Self.bodyBytesMax else {
                    throw CommandFailure(.refused, "\(path) is larger than \(Self.bodyBytesMax >> 20) MiB")
                }
            }
            return bytes
        } catch let failure as Payload.Failure {
            throw CommandFailure(.refused, failure.reason)
        }
    }

    /// `nil` where nothing changes.
    private func draft(
        of letter: JSON, _ body: [UInt8]?, _ ask: ((_ prompt: String) -> String?)?
    ) throws -> LetterDraft? {
        var draft = LetterDraft(letter)
        if let body { draft.after.body = body }
        for header in setHeader.compactMap({ HeaderValue($0) }) { draft.set(header) }
        for name in removeHeader { try draft.remove(header: name) }
        draft.after.type = type ?? draft.after.type
        draft.after.appID = appId ?? draft.after.appID
        draft.after.routingKey = routingKey ?? draft.after.routingKey
        if !isGiven, let ask, let body = try BodyEditor().edit(draft.before.body, ask: ask) { draft.after.body = body }
        return draft.isChanged ? draft : nil
    }

    private func sayUnchanged() {
        Terminal.printError("letter \(id) is as it was: nothing was done")
    }

    private func append(_ diff: [String], _ title: String, to screen: inout Screen) {
        let lines = diff.map { LineDiff.cell($0) }
        screen.append(title, "diff", lines: lines, linesMax: .max, rest: "")
    }

    private func show(_ reply: WorkerReply) throws {
        let json = try reply.json(from: from)
        if output.isJSON { return Terminal.print(String(decoding: reply.body, as: UTF8.self)) }
        Self.screen(json, id: id, from: from, .current).print()
    }

    /// The worker's own account of what it stored, and what a replay would do now.
    static func screen(_ json: JSON, id: Int64, from url: WorkerURL, _ look: Screen.Look) -> Screen {
        var screen = Screen(look)
        screen.tell("edited", .init("\(id)"))
        let lines = (json["diff"]?.elements ?? []).compactMap(\.text).map { LineDiff.cell($0) }
        screen.append("Letter \(id) was edited", "diff", lines: lines, linesMax: .max, rest: "")
        screen.append("A replay", "replay", facts: [("now", Foresight(json["foreseen"])?.cell ?? "")])
        screen.say(.init("replay it: \(Invocation.text("plan", ["--id", "\(id)"], from: url))", .dim))
        return screen
    }
}
