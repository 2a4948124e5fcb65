import CareRecord
import HTTPTypes
import Hummingbird
import Replication
import Storage
import Worker

/// `POST /api/safety-net`: for each referral of a list whether an appointment has been given anywhere.
struct SafetyNetRoute: Sendable {
    private enum Form {
        case csv
        case json
    }

    private struct Net: Sendable {
        let rows: [SafetyNetRow]
        let coverage: [CategoryCoverage]
    }

    private let worker: Worker
    private let rowsMax: Int
    private let histogram: LatencyHistogram
    private let bodies: BodyReader
    private let gate: Gate

    init(worker: Worker, settings: GatewaySettings, histogram: LatencyHistogram) {
        self.worker = worker
        self.histogram = histogram
        rowsMax = settings.safetyNetRowsMax
        bodies = BodyReader(settings, bytesMax: settings.safetyNetBytesMax, adviceWhenLarger: "send the list in parts")
        gate = Gate(
            "lists", places: settings.safetyNetsMax, waitingMax: settings.waitingMax,
            waitSecondsMax: settings.waitSecondsMax)
    }

    /// Takes `text/csv`; answers with JSON, or with CSV where `Accept` prefers it.
    func post(_ request: Request) async throws -> Response {
        let form = try Self.form(for: request)
        try Self.checkType(of: request)
        let net = try await bodies.withBody(of: request) { bytes in
            try await gate.pass {
                let startedAt = ContinuousClock.now
                defer { histogram.record(ContinuousClock.now - startedAt) }
                return try await judge(bytes)
            }
        }
        switch form {
        case .csv: return csv(net)
        case .json: return json(net)
        }
    }

    private func judge(_ bytes: [UInt8]) async throws -> Net {
        let list: ReferralList
        do throws(ReferralList.Failure) {
            list = try ReferralList(bytes, rowsMax: rowsMax)
        } catch {
            throw Refusal(error)
        }
        let referrals = list.rows.compactMap(\.referral)
        let survey = try await worker.survey(referrals.map(\.number), Set(SafetyNetFindings.categories)) {
            SafetyNetFindings($1, since: referrals[$0].day)
        }
        let coverage = CategoryCoverage.list(survey.coverage, SafetyNetFindings.categories, worker.topology)
        let incomplete = coverage.filter { !$0.isWhole }.map(\.source.hie)
        var found = survey.values[...]
        let rows = list.rows.map { row in
            switch row {
            case .refused(let line, let number, let day, let reason):
                return SafetyNetRow(refused: line, number: number, day: day, reason: reason)
            case .referral(let referral):
                guard let findings = found.popFirst() else { preconditionFailure("every patient was looked up") }
                return SafetyNetRow(referral, findings, incomplete: incomplete)
            }
        }
        return Net(rows: rows, coverage: coverage)
    }

    private func json(_ net: Net) -> Response {
        let words = CoverageWords(worker)
        return .json { json in
            json.array("rows") { for row in net.rows { $0.element(row.json) } }
            json.member("summary", SafetyNetSummary(net.rows).json)
            json.array(coverage: net.coverage, words)
        }
    }

    /// CSV has a place for rows only: summary and coverage are in the header of the answer.
    private func csv(_ net: Net) -> Response {
        var writer = CSVWriter()
        writer.row(SafetyNetRow.columns)
        for row in net.rows { writer.row(row.cells) }
        var headers = HTTPFields()
        headers[SubmissionCounts.header] = SafetyNetSummary(net.rows).named.map { "\($0.name)=\($0.count)" }
            .joined(separator: ", ")
        headers[.wherryCoverage] = net.coverage.map { coverage in
            let withheld = coverage.withheld.map { ";withheld=\($0.rawValue)" }.joined()
            return "\(coverage.source.hie)=\(coverage.source.state.word)\(withheld)"
        }.joined(separator: ", ")
        return .content(writer.bytes, ContentType.csv, headers: headers)
    }

    private static func checkType(of request: Request) throws(Refusal) {
        let parts = (request.headers[.contentType] ?? "").lowercased().filter { $0 != " " && $0 != "\"" }
            .split(separator: ";")
        let charset = parts.first { $0.hasPrefix("charset=") }?.dropFirst("charset=".count)
        guard parts.first == "text/csv", ["utf-8", "utf8", "us-ascii", nil].contains(charset.map(String.init)) else {
            throw Refusal(.unsupportedMediaType, .notSupported, "send text/csv, in UTF-8, as the Content-Type")
        }
    }

    /// The first of the forms with the highest weight (RFC 9110 §12.5.1).
    private static func form(for request: Request) throws(Refusal) -> Form {
        let text = request.headers[values: .accept].joined(separator: ",").lowercased().filter { $0 != " " }
        guard !text.isEmpty else { return .json }
        var best: (form: Form, weight: Double)?
        for part in text.split(separator: ",") {
            let parameters = part.split(separator: ";")
            let weight = parameters.first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            let form: Form? =
                switch parameters.first {
                case "application/json", "application/*", "*/*": .json
                case "text/csv", "text/*": .csv
                case .some, nil: nil
                }
            if let form, weight > best?.weight ?? 0 { best = (form, weight) }
        }
        guard let best else {
            throw Refusal(.notAcceptable, .notSupported, "accept application/json or text/csv: there is no other form")
        }
        return best.form
    }
}

extension ReferralList.Row {
    package var referral: Referral? {
        guard case .referral(let referral) = self else { return nil }
        return referral
    }
}

extension Refusal {
    fileprivate init(_ failure: ReferralList.Failure) {
        switch failure {
        case .csv, .noColumn: self.init(.badRequest, .structure, failure.reason)
        case .empty: self.init(.badRequest, .required, failure.reason)
        case .tooManyRows: self.init(.contentTooLarge, .tooCostly, failure.reason)
        }
    }
}

extension HTTPField.Name {
    fileprivate static let wherryCoverage = HTTPField.Name("Wherry-Coverage")!  // a constant that is a token
}
