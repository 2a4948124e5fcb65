import CareRecord

/// What a worker says of a query: whole, or piece by piece as it comes.
struct QueryReport: Sendable {
    /// One HIE of the topology.
    struct Peer: Sendable {
        let hie: String
        /// Resources that have come so far.
        var count = 0
        /// `nil` while its answer is still to come.
        var answer: AnswerRow?
    }

    private(set) var number = ""
    /// In the order of the topology.
    private(set) var peers: [Peer] = []
    private(set) var resources: [(source: String, resource: JSON)] = []
    /// Entries of the index in place of what did not come.
    private(set) var standIns: [EntryRow] = []
    /// As the worker measures it.
    private(set) var milliseconds: Int64?
    /// Whether the worker has said everything.
    private(set) var isOver = false

    init() {}

    /// The whole answer.
    init(_ json: JSON) {
        number = json["nhsNumber"]?.text ?? ""
        resources = (json["resources"]?.elements ?? []).map { ($0["source"]?.text ?? "?", $0["resource"] ?? .null) }
        end(json)
    }

    /// A piece of the answer. Throws where the worker says that it failed, or sends what is not of this form; events of
    /// other names mean nothing.
    mutating func take(_ event: ServerEvent) throws {
        guard let json = try? JSON.parse(event.data) else {
            throw CommandFailure(.failed, "the worker sends an event that is not JSON: is it a worker of Wherry?")
        }
        switch event.name {
        case "index": begin(json)
        case "resources":
            let page = json["resources"]?.elements ?? []
            let source = json["source"]?.text ?? "?"
            resources += page.map { (source, $0) }
            change(source) { $0.count += page.count }
        case "withdrawn":
            let source = json["source"]?.text ?? "?"
            resources.removeAll { $0.source == source }
            change(source) { $0.count = 0 }
        case "answer":
            let answer = AnswerRow(json)
            change(answer.hie) { $0.answer = answer }
        case "done": end(json)
        case "error":
            throw CommandFailure(.failed, json["detail"]?.text ?? "the worker failed and does not say why: see its log")
        default: break
        }
    }

    private mutating func begin(_ json: JSON) {
        number = json["nhsNumber"]?.text ?? ""
        peers = (json["coverage"]?.elements ?? []).map { Peer(hie: $0["hie"]?.text ?? "?") }
    }

    private mutating func end(_ json: JSON) {
        peers = (json["answers"]?.elements ?? []).map { json in
            let answer = AnswerRow(json)
            return Peer(hie: answer.hie, count: Int(clamping: answer.count), answer: answer)
        }
        standIns = (json["standIns"]?.elements ?? []).map { EntryRow(entry: $0) }
        milliseconds = json["durationMs"]?.integer
        isOver = true
    }

    private mutating func change(_ hie: String, _ change: (inout Peer) -> Void) {
        guard let index = peers.firstIndex(where: { $0.hie == hie }) else { return }
        change(&peers[index])
    }
}

extension QueryReport {
    /// Those whose answer is not whole.
    var missing: [AnswerRow] { peers.compactMap(\.answer).filter { !$0.isWhole } }

    /// Whether it is complete, or who is missing and why, in one line.
    var verdict: String {
        let time = milliseconds.map { " in \(AnswerRow.text(milliseconds: $0))" } ?? ""
        let amount = "\(resources.count) \(resources.count == 1 ? "resource" : "resources")\(time)"
        let planned = missing.filter(\.isPlanned).map(\.hie).joined(separator: ", ")
        let failed = missing.filter { !$0.isPlanned }
        let later = planned.isEmpty ? "" : "; not connected yet: \(planned)"
        guard !failed.isEmpty else {
            return planned.isEmpty
                ? "Complete: \(amount) of \(peers.count) HIEs, each of which answered or holds nothing."
                : "Complete for every connected HIE: \(amount)\(later)."
        }
        let stand = standIns.isEmpty ? "" : "; \(standIns.count) of the index's entries stand in"
        let complaints = failed.map(\.complaint).joined(separator: "; ")
        return "Incomplete: \(amount); missing: \(complaints)\(later)\(stand)."
    }
}
