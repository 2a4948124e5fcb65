import CareRecord

/// A result as one page that needs nothing from anywhere: its charts are drawn already, and its script only tells
/// values under the pointer.
struct ReportPage {
    let result: LoadResult

    init(_ result: LoadResult) { self.result = result }

    var html: String {
        let title = "Load test \(result.profile.escapedForHTML)"
        let parts = sections.filter { !$0.body.isEmpty }
        var html = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
            script-src 'unsafe-inline'; img-src data:">
            <link rel="icon" href="data:,">
            <title>\(title): \(result.passed ? "passed" : "failed")</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <main>
            <header>
            <h1>\(title)</h1>
            <p class="lead">\(result.about.escapedForHTML)</p>
            <p class="quiet">\(result.startedAt.escapedForHTML), \(length) of load, \(hies)</p>
            </header>
            <nav aria-label="Parts of the page">
            """
        for part in parts { html += " <a href=\"#\(part.id)\">\(part.title)</a>" }
        html += "</nav>\n"
        for part in parts {
            html += "<section aria-labelledby=\"\(part.id)\">\n<h2 id=\"\(part.id)\">\(part.title)</h2>\n"
            html += part.body + "</section>\n"
        }
        html += "</main>\n<footer><p>The same figures for programs are in \(LoadReportWriter.resultName), and every "
        html += "clock's distribution is in a .hgrm file beside it.</p></footer>\n"
        return html + "<script>\(Self.script)</script>\n</body>\n</html>\n"
    }

    private var length: String { FigureText.time(seconds: result.durationSeconds) }

    private var hies: String {
        let environment = result.environment
        return "\(environment.hies) HIE\(environment.hies == 1 ? "" : "s"), \(environment.brokers) "
            + "broker\(environment.brokers == 1 ? "" : "s"), seed \(environment.seed)"
    }

    private struct Part {
        let id: String
        let title: String
        let body: String
    }

    private var sections: [Part] {
        [
            Part(id: "verdict", title: "Verdict", body: verdict),
            Part(id: "accounting", title: "Accounting", body: accounting),
            Part(id: "latency", title: "Latency", body: latency),
            Part(id: "time", title: "Over time", body: overTime),
            Part(id: "faults", title: "Faults", body: faults),
            Part(id: "growth", title: "Growth", body: growth),
            Part(id: "ratios", title: "Beside bare baselines", body: ratios),
            Part(id: "hies", title: "HIEs", body: peers),
            Part(id: "processes", title: "Processes", body: processes),
            Part(id: "environment", title: "Environment", body: environment),
        ]
    }
}

extension LoadResult.Clock {
    /// What is timed, for people.
    package var about: String {
        switch self {
        case .schedule: "intended send, until the generator took it up: its own lateness"
        case .accept: "a submission, until it was accepted durably"
        case .confirm: "a message published, until the broker confirmed it"
        case .replication: "a change, until it was applied at a subscriber"
        case .lookup: "a lookup of the index"
        case .query: "a query of the HIEs"
        }
    }

    /// Of the page's colours; a clock has the same in every chart.
    var colour: String {
        switch self {
        case .schedule: "c0"
        case .lookup: "c1"
        case .replication: "c2"
        case .accept: "c3"
        case .query: "c4"
        case .confirm: "c5"
        }
    }
}
