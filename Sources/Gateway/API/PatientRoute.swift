import CareRecord
import Hummingbird
import Replication
import Storage
import Worker

/// `GET /api/patients/{nhsNumber}`: what the index holds of a patient, and how complete that is for every HIE.
struct PatientRoute: Sendable {
    let worker: Worker
    let histogram: LatencyHistogram
    private let coverage = CoverageText()

    init(worker: Worker, histogram: LatencyHistogram) {
        self.worker = worker
        self.histogram = histogram
    }

    /// `?category=allergy,medication` leaves out the other entries; demographics and coverage are always told.
    func get(_ request: Request, number text: String) async throws -> Response {
        let startedAt = ContinuousClock.now
        defer { histogram.record(ContinuousClock.now - startedAt) }
        let number = try NHSNumber(requested: text)
        let categories = try Category.set(requested: request.uri.queryParameters["category"])
        if let body = bodyNow(number, categories) { return .content(body.bytes, ContentType.json) }
        let lookup = try await worker.lookup(number)
        return .json { json in
            json.member("nhsNumber", number.text)
            json.array("demographics") { json in
                for (source, demographics) in lookup.demographics {
                    json.object { $0.members(of: demographics, source) }
                }
            }
            json.array("entries") { json in
                for entry in lookup.sortedEntries where categories?.contains(entry.facts.category) ?? true {
                    json.object { $0.members(of: entry) }
                }
            }
            var coverage = JSONWriter()
            coverage.array(coverage: lookup.coverage, CoverageWords(worker, of: number))
            json.member("coverage", raw: coverage)
        }
    }

    /// The answer's body, made on the calling thread from the rows as they are; `nil` where that is not possible now,
    /// because the record is long, or anything is not as it should be.
    private func bodyNow(_ number: NHSNumber, _ categories: Set<Category>?) -> JSONWriter? {
        var record = RecordWriter(categories)
        // As wherever something is covered: coverage before the rows, and both of one index.
        let coverage = coverage.said(worker, of: number)
        guard worker.rows(of: number, inEra: coverage.era, { record.take($0) }) else { return nil }
        var json = JSONWriter(capacity: record.byteCount + coverage.json.count + Self.restBytes)
        json.object { json in
            json.member("nhsNumber", number.text)
            record.write(to: &json)
            json.member("coverage", raw: coverage.json)
        }
        return json
    }

    /// Of what stands around entries, demographics and coverage.
    private static let restBytes = 128
}

extension PatientRoute: ImmediateRoute {
    /// `/api/patients/{nhsNumber}` without parameters, for a number that is valid.
    func answerNow(_ path: String) -> JSONWriter? {
        guard path.hasPrefix(Self.prefix), let number = NHSNumber(path.dropFirst(Self.prefix.count)) else { return nil }
        let startedAt = ContinuousClock.now
        guard let body = bodyNow(number, nil) else { return nil }
        histogram.record(ContinuousClock.now - startedAt)
        return body
    }

    private static let prefix = "/api/patients/"
}

extension NHSNumber {
    /// Reads the number of a request; the refusal does not repeat it.
    init(requested text: some StringProtocol) throws(Refusal) {
        guard let number = NHSNumber(text) else {
            throw Refusal(
                .badRequest, .value,
                "not a valid NHS number: it has ten digits, the last of which is a modulus 11 check digit")
        }
        self = number
    }
}

extension Lookup {
    /// Who the patient is according to each source, in the order of the sources' names.
    var demographics: [(HIEIdentifier, Demographics)] {
        entries.compactMap { entry in entry.facts.demographics.map { (entry.source, $0) } }.sorted { $0.0 < $1.0 }
    }

    /// By category, then the newest first; what has no date comes last.
    var sortedEntries: [IndexedEntry] {
        // What decides most often is at hand; entries are large to move.
        var order = entries.indices.map { place in
            let facts = entries[place].facts
            return Order(rank: facts.category.rank, date: facts.date ?? "", place: place)
        }
        order.sort { left, right in
            if left.rank != right.rank { return left.rank < right.rank }
            if left.date != right.date { return left.date > right.date }
            let (left, right) = (entries[left.place], entries[right.place])
            return (left.source, left.resource) < (right.source, right.resource)
        }
        return order.map { entries[$0.place] }
    }

    private struct Order {
        let rank: Int
        let date: String
        let place: Int
    }
}

extension JSONWriter {
    /// Who the patient is according to a source.
    mutating func members(of demographics: Demographics, _ source: HIEIdentifier) {
        member("source", source.text)
        member("family", demographics.family)
        array("given") { for name in demographics.given { $0.element(name) } }
        member("birthDate", demographics.birthDate)
        member("gender", demographics.gender)
        member("postalCode", demographics.postalCode)
        member("deceased", demographics.deceased)
    }

    /// The members that an entry has wherever one is shown.
    mutating func members(of entry: IndexedEntry) {
        member("source", entry.source.text)
        member("category", entry.facts.category.rawValue)
        member("resource", entry.resource.reference)
        member("code", entry.facts.code)
        member("system", entry.facts.system)
        member("display", entry.facts.display)
        member("status", entry.facts.status)
        member("date", entry.facts.date)
        member("seq", entry.seq)
    }
}
