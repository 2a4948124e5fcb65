import CareRecord
import Keys

/// One screen about a worker: its peers, its brokers, and its own side.
struct StatusView {
    let json: JSON

    func print() {
        if Terminal.isInteractive {
            Terminal.print(
                Style.bold.applied(to: "Worker of \(name)\(replica.map { ", replica \($0)" } ?? "")") + "  \(own)\n")
        } else {
            Terminal.print("own\t\(name)\(replica.map { ".\($0)" } ?? "")\t\(own)")
        }
        printPeers()
        printConditions("Brokers", kind: "broker", of: json["brokers"], name: "broker")
        printConditions("Paused", kind: "paused", of: json["paused"], name: "part")
        printCertificates()
        DeadLetterStatus(json).screen(.current).print()
        printIncidents()
    }

    private var name: String { json["hie"]?.text ?? "?" }
    private var replica: String? { json["replica"]?.text }
    private var own: String { replica == nil ? Self.journal(json["own"]) : "a read replica, without a journal" }

    private func printPeers() {
        var section = Section(
            "Peers", .init("HIE"), .init("state"), .init("as of"), .init("watermark", .right), .init("head", .right),
            .init("behind", .right), .init("held", .right), .init("breaker"), .init("why"))
        for peer in json["peers"]?.elements ?? [] {
            let row = CoverageRow(peer)
            section.append(
                "peer", .init(row.hie), row.stateCell, .init(row.asOf), .init(row.watermark), .init(row.head),
                .init(row.behind), .init(row.held), Self.breaker(peer), row.reasonCell)
        }
        section.print()
    }

    private func printConditions(_ title: String, kind: String, of list: JSON?, name: String) {
        var section = Section(title, .init(name), .init("state"), .init("since"), .init("why"))
        for condition in list?.elements ?? [] {
            let state = condition["state"]?.text ?? "paused"
            section.append(
                kind, .init(condition[name]?.text ?? "?"), .init(state, state == "connected" ? .green : .red),
                .init(condition["since"]?.text.map { Age.since($0) } ?? ""),
                .init(condition["reason"]?.text ?? "", .dim))
        }
        section.print()
    }

    /// Those of the worker's TLS files that somebody has to do something about.
    private func printCertificates() {
        var section = Section(
            "Certificates", .init("file"), .init("subject"), .init("state"), .init("until"), .init("days left", .right))
        for certificate in json["certificates"]?.elements ?? [] {
            let state = CertificateState(rawValue: certificate["state"]?.text ?? "") ?? .unreadable
            guard state != .valid else { continue }
            section.append(
                "certificate", .init(certificate["file"]?.text ?? "?"), .init(certificate["subject"]?.text ?? ""),
                .init(state.words, state == .expiresSoon ? .yellow : .red), .init(certificate["until"]?.text ?? ""),
                .init(certificate["daysLeft"]?.integer.map { "\($0)" } ?? ""))
        }
        section.print()
    }

    /// Nothing while there are none.
    private func printIncidents() {
        var section = Section("Incidents", .init("count", .right), .init("what"), .init("advice"))
        let incidents = [
            ("foreignAnswer", "answers with another patient's data; nothing of them was shown"),
            ("questionRefused", "questions that nobody may ask, or to an address that is not the asker's"),
        ]
        for (name, what) in incidents {
            guard let count = json["incidents"]?[name]?.integer, count > 0 else { continue }
            section.append(
                "incidents", .init("\(count)", .red), .init(what), .init("see GET /api/incidents", .dim))
        }
        section.print()
    }

    /// Such as `open, 12 s ago`.
    private static func breaker(_ peer: JSON) -> Table.Cell {
        let state = peer["breaker"]?.text ?? ""
        let since = peer["breakerSince"]?.text.map { ", \(Age.since($0))" } ?? ""
        return Table.Cell(state + since, state == "open" ? .red : state == "half-open" ? .yellow : .plain)
    }

    private static func journal(_ own: JSON?) -> String {
        func number(_ name: String) -> String { own?[name]?.integer.map { String($0) } ?? "-" }
        return "journal \(number("head")), published through \(number("publishedThrough"))"
            + " (\(number("unpublished")) waiting), \(number("unlinked")) unlinked"
    }
}
