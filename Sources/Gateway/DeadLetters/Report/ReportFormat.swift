/// The forms of a report.
enum ReportFormat: String, Sendable, CaseIterable {
    case json
    case text
    case html

    var renderer: any ReportRenderer {
        switch self {
        case .json: JSONReport()
        case .text: TextReport()
        case .html: HTMLReport()
        }
    }
}
