import CareRecord
import Storage

/// Something done to all letters of a selection, after their number was confirmed.
struct CountedAct {
    enum Kind: String {
        case discard
        case restore

        /// The member of the answer that says how many, and the word for it.
        var done: String {
            switch self {
            case .discard: "discarded"
            case .restore: "restored"
            }
        }

        /// The state of the letters that it can be done to.
        var state: LetterState {
            switch self {
            case .discard: .parked
            case .restore: .discarded
            }
        }
    }

    let kind: Kind
    let client: WorkerClient
    let selection: LetterSelection
    let output: OutputOptions

    func run(by name: String, reason: String, _ consent: Confirmation.Consent) async throws {
        let selection = selection.inState(kind.state)
        let path = "/api/deadletters?\(selection.query([("limit", "0")]))"
        let list = try await client.get(path, secondsMax: 60).json(from: client.url)
        let total = Int(clamping: list["total"]?.integer ?? 0)
        guard total > 0 else { return try sayNothing(selection, consent) }
        if !output.isJSON, Terminal.isInteractive {
            var screen = Screen()
            screen.append(LetterGroups(list["groups"]).section(isInteractive: true))
            screen.print()
        }
        try Confirmation(act: kind.rawValue, count: total).obtain(consent, ask: Terminal.ask)
        let act = Act(by: name, reason: reason)
            .with("selection", selection.json)
            .with("count", .number("\(total)"))
        let reply = try await client.act("/api/deadletters/\(kind.rawValue)", act, secondsMax: 300)
        try checkCount(reply, counted: total)
        let json = try reply.json(from: client.url)
        if output.isJSON { return Terminal.print(String(decoding: reply.body, as: UTF8.self)) }
        let count = Int(clamping: json[kind.done]?.integer ?? Int64(total))
        say(count, selection)
    }

    /// The letters have become more or fewer while they were asked about.
    private func checkCount(_ reply: WorkerReply, counted: Int) throws {
        guard reply.status == 409, let json = try? JSON.parse(reply.body), json["error"]?.text == "count" else {
            return
        }
        let detail = Table.Cell(json["detail"]?.text ?? "they are not \(counted) any more").text
        throw CommandFailure(
            .failed, "\(Invocation.letters(counted)) were counted, but \(detail): look again; nothing was \(kind.done)")
    }

    private func sayNothing(_ selection: LetterSelection, _ consent: Confirmation.Consent) throws {
        try Confirmation(act: kind.rawValue, count: 0).obtain(.init(isGiven: true, count: consent.count), ask: nil)
        if output.isJSON { return Terminal.print(#"{"\#(kind.done)":0}"#) }
        Terminal.printError("no dead letters with \(selection.words): nothing was \(kind.done)")
    }

    private func say(_ count: Int, _ selection: LetterSelection) {
        guard Terminal.isInteractive else { return Terminal.print("\(kind.done)\t\(count)") }
        Terminal.print(Style.green.applied(to: "\(kind.done): \(Invocation.letters(count))"))
        if kind == .discard {
            let words = selection.moved(to: .discarded).arguments
            let undo = Invocation.text("restore", words, from: client.url, #"--reason "…""#)
            Terminal.print(Style.dim.applied(to: "they can be restored until they are forgotten: \(undo)"))
        }
    }
}
