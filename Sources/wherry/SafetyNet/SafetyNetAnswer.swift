import CareRecord
import Gateway

/// The answer to a whole list, gathered from the answers to its parts.
struct SafetyNetAnswer {
    /// In the order of the list.
    private(set) var rows: [SafetyNetRow]
    /// Of every HIE what was said of it first, or the first time that it was not complete.
    private(set) var coverage: [JSON] = []
    /// Where in `rows` the answers belong that have not come yet.
    private var waiting: ArraySlice<Int>

    /// The rows that are refused as they are; the others wait for their answers.
    init(_ list: ReferralList) {
        rows = []
        var waiting: [Int] = []
        for (place, row) in list.rows.enumerated() {
            switch row {
            case .refused(let line, let number, let day, let reason):
                rows.append(SafetyNetRow(refused: line, number: number, day: day, reason: reason))
            case .referral(let referral):
                waiting.append(place)
                rows.append(
                    SafetyNetRow(
                        refused: referral.line, number: referral.number.text, day: referral.day.text,
                        reason: "not answered"))
            }
        }
        self.waiting = waiting[...]
    }

    /// Takes the answer to the next part of the list; throws where it is one to something else.
    mutating func add(_ json: JSON, to part: some Collection<Referral>, from url: WorkerURL) throws(CommandFailure) {
        let answered = (json["rows"]?.elements ?? []).compactMap { SafetyNetRow($0) }
        guard answered.map(\.line) == part.map(\.line), answered.count <= waiting.count else {
            throw CommandFailure(.failed, "\(url) answered with other rows than were asked: is it a worker of Wherry?")
        }
        for row in answered {
            guard let place = waiting.popFirst() else { preconditionFailure("as many wait as were asked for") }
            rows[place] = row
        }
        add(coverage: json["coverage"]?.elements ?? [])
    }

    private mutating func add(coverage parts: [JSON]) {
        for part in parts {
            guard let place = coverage.firstIndex(where: { $0["hie"] == part["hie"] }) else {
                coverage.append(part)
                continue
            }
            if coverage[place]["state"]?.text == "complete", part["state"]?.text != "complete" {
                coverage[place] = part
            }
        }
    }

    var summary: SafetyNetSummary { SafetyNetSummary(rows) }

    var csv: [UInt8] {
        var writer = CSVWriter()
        writer.row(SafetyNetRow.columns)
        for row in rows { writer.row(row.cells) }
        return writer.bytes
    }

    /// The form that a worker answers with.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.array("rows") { for row in rows { $0.element(row.json) } }
            json.member("summary", summary.json)
            json.array("coverage") { for part in coverage { $0.element(part) } }
        }
        return writer.bytes
    }
}
