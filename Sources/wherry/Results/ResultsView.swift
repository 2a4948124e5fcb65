import CareRecord

/// What was done already, what may have been, what was left out, and how complete that is.
struct ResultsView {
    private let number: String
    private let results: [EntryRow]
    private let unjudged: [EntryRow]
    private let undated: Int64
    private let leftOut: [(what: String, count: Int64)]
    private let coverage: [CoverageRow]

    init(_ json: JSON) {
        number = json["nhsNumber"]?.text ?? ""
        results = (json["results"]?.elements ?? []).map { EntryRow(entry: $0) }
        unjudged = (json["unjudged"]?.elements ?? []).map { EntryRow(entry: $0) }
        undated = json["undated"]?.integer ?? 0
        leftOut = [
            ("of another code, of which only one coding is known", json["leftOut"]?["otherCode"]?.integer ?? 0),
            ("of an earlier date", json["leftOut"]?["earlier"]?.integer ?? 0),
        ]
        coverage = (json["coverage"]?.elements ?? []).map(CoverageRow.init)
    }

    func print() {
        PatientHeading(number).print()
        printResults()
        printUnjudged()
        printLeftOut()
        coverage.section.print()
    }

    private func printResults() {
        var section = Section(
            "Done already", .init("date"), .init("what"), .init("where"), .init("status"), .init("reference"))
        for entry in results {
            section.append(
                entry.category, .init(entry.day), .init(entry.text),
                .init(entry.source), .init(entry.status, entry.isVoid ? .red : .plain), .init(entry.resource, .dim))
        }
        section.print()
        guard Terminal.isInteractive else { return }
        if results.isEmpty {
            let caveat = coverage.caveat(of: unjudged.isEmpty ? "any" : "one for certain")
            Terminal.print("None known. \(caveat)\n")
        } else if undated > 0 {
            Terminal.print("\(undated) of them, the last, have no date that is known.\n")
        }
    }

    /// Pointers differ in nothing but their reference: people are told how many there are.
    private func printUnjudged() {
        var section = Section(
            "May be one: no code is shown", .init("date"), .init("what"), .init("where"), .init("status"),
            .init("reference"))
        let pointers = Terminal.isInteractive ? unjudged.filter { $0.isPointer } : []
        for entry in unjudged where !Terminal.isInteractive || !entry.isPointer {
            section.append(
                "unjudged", .init(entry.day), .init(entry.text),
                .init(entry.source), .init(entry.status), .init(entry.resource, .dim))
        }
        let groups = Dictionary(grouping: pointers) { [$0.source, $0.category] }
        for (group, entries) in groups.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            section.append(
                "unjudged", "", .init("\(entries.count) of category \(group[1]), details there"), .init(group[0]), "",
                "")
        }
        section.print()
    }

    private func printLeftOut() {
        let some = leftOut.filter { $0.count > 0 }
        if Terminal.isInteractive {
            let text = some.map { "\($0.count) \($0.what)" }.joined(separator: ", ")
            if !some.isEmpty { Terminal.print("Left out: \(text).\n") }
            return
        }
        for (what, count) in some { Terminal.print("left-out\t\(count)\t\(what)") }
    }
}
