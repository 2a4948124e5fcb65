import CareRecord

/// What came of a query: who the patient is, the resources by category, what the index holds in place of what did not
/// come, and who is missing.
struct QueryView {
    private struct Came {
        let source: String
        let json: JSON
        /// `nil` for what an HIE sends that is no resource.
        let resource: Resource?

        var row: EntryRow? { resource.map { EntryRow($0, from: source) } }
    }

    private let report: QueryReport
    private let came: [Came]

    init(report: QueryReport) {
        self.report = report
        came = report.resources.map { source, json in
            Came(source: source, json: json, resource: json.object.flatMap { Resource(stored: $0) })
        }
    }

    /// The HIEs in one table, as the last of the live ones.
    func printAnswers() {
        PatientHeading(report.number).print()
        let lines = AnswerTable(report: report).lines(
            hasColour: Terminal.hasColour, widthMax: Terminal.isTerminal ? Terminal.size.columns : .max)
        Terminal.print((lines + ["", ""]).joined(separator: "\n"))
    }

    func printRecord() {
        let patients = came.compactMap { came in
            came.resource?.facts?.demographics.map { PatientRow(source: came.source, $0) }
        }
        PatientRow.section(patients).print()
        let rows = self.rows
        for category in Category.allCases where category != .demographics {
            let wanted = rows.filter { $0.category == category.rawValue }
            wanted.section(category.title, category.rawValue).print()
        }
        rows.filter { $0.category == EntryRow.other }.section("Other", EntryRow.other).print()
        standIns.print()
        let style: Style = report.missing.isEmpty ? .green : report.missing.allSatisfy(\.isPlanned) ? .yellow : .red
        Terminal.print(style.applied(to: report.verdict))
    }

    /// For other programs.
    func printLines() {
        answers.print()
        var section = Section("", .init(""), .init(""), .init(""), .init(""), .init(""), .init(""))
        for row in allRows { section.append("resource", cells: row.cells) }
        section.print()
        standIns.print()
        var missing = Section("", .init(""), .init(""), .init(""), .init(""))
        for answer in report.missing {
            missing.append("missing", .init(answer.hie), .init(answer.state), .init(answer.cause), .init(answer.reason))
        }
        missing.print()
    }

    /// One line of JSON each; the resource is as its HIE holds it.
    func printResources() {
        var writer = JSONWriter()
        for came in came {
            writer.object { json in
                json.member("source", came.source)
                json.member("resource", came.json)
            }
            writer.newline()
        }
        if !came.isEmpty { Terminal.print(String(decoding: writer.bytes, as: UTF8.self)) }
    }

    /// Without the patients', the newest first; what has no date comes last.
    private var rows: [EntryRow] { allRows.filter { $0.category != Category.demographics.rawValue } }

    private var allRows: [EntryRow] {
        came.compactMap(\.row).enumerated().sorted { left, right in
            (right.element.date, left.offset) < (left.element.date, right.offset)
        }.map(\.element)
    }

    private var answers: Section {
        var section = Section("", .init(""), .init(""), .init(""), .init(""), .init(""), .init(""), .init(""))
        for answer in report.peers.compactMap(\.answer) {
            section.append(
                "answer", .init(answer.hie), .init(answer.state), .init("\(answer.milliseconds)"),
                .init("\(answer.count)"), .init(answer.asOf ?? "-"), .init(answer.cause), .init(answer.reason))
        }
        return section
    }

    private var standIns: Section {
        var section = Section(
            "Not from the HIE itself: what the index holds in place of what did not come", .init("category"),
            .init("source"), .init("resource"), .init("date"), .init("status"), .init("what"))
        for row in report.standIns { section.append("stand-in", cells: row.cells) }
        return section
    }
}

extension EntryRow {
    /// Category, source, resource, date, status and what it is.
    fileprivate var cells: [Table.Cell] {
        [.init(category), .init(source), .init(resource), .init(day), .init(status), textCell]
    }
}
