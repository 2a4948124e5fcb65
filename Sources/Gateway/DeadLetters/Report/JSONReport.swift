import CareRecord
import Replication
import Storage

/// A report as JSON: one object, whose last member is the array `letters`.
struct JSONReport: ReportRenderer {
    let contentType = ContentType.json
    let sections = [ReportSection.all]

    func beginning(of report: PlanReport) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.members(of: report.seat)
            json.member("at", report.at.text)
            json.object("plan") { $0.members(resting: report.plan) }
            json.object("totals") { $0.members(of: report.total) }
            json.array("causes") { json in
                for (cause, figures) in report.causes {
                    json.object { json in
                        json.member("cause", cause.rawValue)
                        json.members(of: figures)
                    }
                }
            }
        }
        // The object goes on with the letters.
        return writer.bytes.dropLast() + Array(",\"letters\":[".utf8)
    }

    func beginning(of section: ReportSection, count: Int) -> [UInt8] { [] }

    func letters(_ letters: [PlannedLetter], after writtenCount: Int, of count: Int) -> [UInt8] {
        var writer = JSONWriter()
        writer.array { json in for letter in letters { json.object { $0.members(of: letter) } } }
        let comma = writtenCount > 0 ? [UInt8(ascii: ",")] : []
        return comma + writer.bytes.dropFirst().dropLast()
    }

    func end(of section: ReportSection) -> [UInt8] { [] }

    func end(of report: PlanReport) -> [UInt8] { Array("]}\n".utf8) }
}

extension JSONWriter {
    fileprivate mutating func members(of figures: PlanReport.Figures) {
        member("count", figures.count)
        object("foreseen") { $0.members(foreseen: figures.foreseen) }
        object("results") { $0.members(results: figures.results, notAttempted: figures.notAttempted) }
    }
}
