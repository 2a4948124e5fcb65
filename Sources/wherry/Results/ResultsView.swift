import CareRecord

/// What was done already, what may have been, what was left out, and how complete that is.
struct ResultsView {
    private struct Entry {
        let category, source, resource, status, date: String
        /// `nil` for a bare pointer.
        let text: String?

        init(_ json: JSON) {
            category = json["category"]?.text ?? "?"
            source = json["source"]?.text ?? "?"
            resource = json["resource"]?.text ?? "?"
            status = json["status"]?.text ?? ""
            date = json["date"]?.text ?? ""
            text = json["display"]?.text ?? json["code"]?.text.map { "code \($0)" }
        }

        /// The day of a FHIR date or dateTime, or as much as there is of it.
        var day: String { String(date.prefix(10)) }

        /// FHIR R4's words for what was not done after all, or is no result.
        var isVoid: Bool { ["entered-in-error", "cancelled", "not-done"].contains(status) }
    }

    private let number: String
    private let results: [Entry]
    private let unjudged: [Entry]
    private let undated: Int64
    private let leftOut: [(what: String, count: Int64)]
    private let coverage: [CoverageRow]

    init(_ json: JSON) {
        number = json["nhsNumber"]?.text ?? ""
        results = (json["results"]?.elements ?? []).map(Entry.init)
        unjudged = (json["unjudged"]?.elements ?? []).map(Entry.init)
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
                entry.category, .init(entry.day), .init(entry.text ?? "(details at \(entry.source))"),
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
        let pointers = Terminal.isInteractive ? unjudged.filter { $0.text == nil } : []
        for entry in unjudged where !Terminal.isInteractive || entry.text != nil {
            section.append(
                "unjudged", .init(entry.day), .init(entry.text ?? "(details at \(entry.source))"),
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
