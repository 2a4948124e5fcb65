import CareRecord
import Hummingbird
import Storage
import Worker

/// `GET /api/patients/{nhsNumber}/results`: whether an investigation was done already, anywhere.
struct ResultsRoute: Sendable {
    let worker: Worker
    let histogram: LatencyHistogram

    /// `?code=271649006,http://loinc.org|8480-6` leaves out other codes, `?since=2024-03` what was before.
    func get(_ request: Request, number text: String) async throws -> Response {
        let startedAt = ContinuousClock.now
        defer { histogram.record(ContinuousClock.now - startedAt) }
        let number = try NHSNumber(requested: text)
        let codes = try Self.codes(of: request)
        let since = try Self.since(of: request)
        let lookup = try await worker.lookup(number)
        let list = ResultList(lookup.entries, codes: codes, since: since?.day)
        let coverage = CategoryCoverage.list(lookup.coverage, ResultList.categories, worker.topology)
        let words = CoverageWords(worker, of: number)
        return .json { json in
            json.member("nhsNumber", number.text)
            json.array("codes") { for code in codes?.texts ?? [] { $0.element(code) } }
            json.member("since", since.map { JSON.string($0.text) } ?? .null)
            json.array("results") { for entry in list.results { $0.object { $0.members(of: entry) } } }
            json.member("undated", list.undatedCount)
            json.array("unjudged") { for entry in list.unjudged { $0.object { $0.members(of: entry) } } }
            json.object("leftOut") { json in
                json.member("otherCode", list.otherCodeCount)
                json.member("earlier", list.earlierCount)
            }
            json.array(coverage: coverage, words)
        }
    }

    /// `nil` for all.
    private static func codes(of request: Request) throws(Refusal) -> CodeFilter? {
        let text = request.uri.queryParameters.getAll("code").joined(separator: ",")
        guard !text.isEmpty else { return nil }
        do throws(CodeFilter.Invalid) {
            return try CodeFilter(text)
        } catch {
            throw Refusal(.badRequest, .value, error.reason)
        }
    }

    private static func since(of request: Request) throws(Refusal) -> (text: String, day: CalendarDay)? {
        guard let text = request.uri.queryParameters["since"].map(String.init), !text.isEmpty else { return nil }
        guard let day = CalendarDay(firstOf: text) else {
            throw Refusal(.badRequest, .value, "since is a date: 2024, 2024-03 or 2024-03-01")
        }
        return (text, day)
    }
}
