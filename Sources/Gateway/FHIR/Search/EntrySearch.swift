import CareRecord
import HTTPTypes
import Hummingbird
import Storage
import Topology
import Worker

/// `GET /fhir/{type}?patient=…` and `POST /fhir/{type}/_search`: the patient's entries of one type, from every HIE, the
/// newest first. Composed from the index: nobody is asked.
struct EntrySearch: Sendable {
    let worker: Worker
    let histogram: LatencyHistogram

    private static let patientForms =
        "an NHS number, `Patient/` and an id as searches here give it, or an id of this HIE's own"

    static let parameters = [
        SearchParameter(
            name: "patient", kind: .reference, modifiers: ["identifier"],
            documentation: "Whose entries: \(patientForms). Needed, once."),
        SearchParameter(
            name: "patient.identifier", kind: .token, documentation: "The same by `\(NHSNumber.system)|N`."),
        SearchParameter(
            name: "code", kind: .token,
            documentation: """
                `system|code`, `code` or `system|`, against the one code that the index keeps of a resource. Entries \
                of which a source shares no code are counted in a warning.
                """, timesMax: 5),
        SearchParameter(
            name: "date", kind: .date,
            documentation: """
                When it happened or began, as far as the source says. Entries without a date are counted in an issue.
                """, timesMax: 5),
        SearchParameter(
            name: "_since", kind: .date,
            documentation: """
                What happened or began then or later, and whatever has no date. The index does not know when a \
                resource was last updated.
                """),
        .count, .page,
    ]

    /// The types that are searched: every indexed one but Patient.
    static let types = Category.allCases.filter { $0 != .demographics }.flatMap(\.types)

    func get(_ request: Request, type: String) async throws -> Response {
        try Self.check(type)
        return try await answer(try SearchRequest(request, knowing: Self.parameters), type)
    }

    func post(_ request: Request, type: String, form: [UInt8]) async throws -> Response {
        try Self.check(type)
        return try await answer(try SearchRequest(request, form: form, knowing: Self.parameters), type)
    }

    private static func check(_ type: String) throws(Refusal) {
        guard types.contains(type) else {
            throw Refusal(
                .notFound, .notSupported,
                "this type is not indexed; there are Patient, \(types.joined(separator: ", "))")
        }
    }

    private func answer(_ asked: SearchRequest, _ type: String) async throws -> Response {
        let startedAt = ContinuousClock.now
        defer { histogram.record(ContinuousClock.now - startedAt) }
        let page = try asked.page()
        let start = try page.token.map(EntryPlace.init)
        var filter = try EntryFilter(asked)
        let lookup = try await worker.lookup(try patient(asked))
        let entries = lookup.entries.filter { $0.resource.type == type && filter.takes($0) }
            .map { (place: EntryPlace($0), entry: $0) }.sorted { $0.place < $1.place }
        let rest = start.map { start in entries.drop { $0.place <= start } } ?? entries[...]
        let shown = rest.prefix(page.count)
        let next = shown.count < rest.count ? shown.last?.place.token : nil
        let composer = EntryComposer(lookup)
        return .fhir(
            SearchBundle(
                selfLink: asked.link(type, page: page.token), nextLink: next.map { asked.link(type, page: $0) },
                total: entries.count,
                matches: shown.map { SearchBundle.Match(fullURL: $0.entry.urn, resource: composer.resource($0.entry)) },
                issues: CoverageWords(worker).warnings(lookup.coverage) + filter.issues
            ).json)
    }

    private func patient(_ asked: SearchRequest) throws(Refusal) -> PatientName {
        var names: Set<PatientName> = []
        for value in asked.values("patient") {
            names.insert(
                value.modifier == "identifier"
                    ? try PatientName(identifier: value.text, worker)
                    : try PatientName(id: Self.id(value.text, asked.base), worker))
        }
        for value in asked.values("patient.identifier") {
            names.insert(try PatientName(identifier: value.text, worker))
        }
        guard names.count <= 1 else {
            throw Refusal(.badRequest, .invalid, "two patients are named: send one patient")
        }
        guard let name = names.first else {
            throw Refusal(.badRequest, .required, "say whose: send patient= with \(Self.patientForms)")
        }
        return name
    }

    /// What stands after `Patient/`, in a relative reference or in one to this server.
    private static func id(_ reference: String, _ base: FHIRAddress) -> String {
        for prefix in [base.url("Patient/"), "Patient/"] where reference.hasPrefix(prefix) {
            return String(reference.dropFirst(prefix.count))
        }
        return reference
    }
}

/// An entry's place among those of one type and patient: the newest first, what has no date last.
private struct EntryPlace: Comparable {
    private let date: String
    private let source: String
    private let reference: String

    init(_ entry: IndexedEntry) {
        date = entry.facts.date.flatMap { FHIRDate($0) == nil ? nil : $0 } ?? ""
        source = entry.source.text
        reference = entry.resource.reference
    }

    init(_ token: PageToken) throws(Refusal) {
        guard token.fields.count == 3, ResourceKey(reference: token.fields[2]) != nil else {
            throw SearchRequest.badPage
        }
        (date, source, reference) = (token.fields[0], token.fields[1], token.fields[2])
    }

    var token: PageToken { PageToken([date, source, reference]) }

    static func < (left: EntryPlace, right: EntryPlace) -> Bool {
        if left.date != right.date { return left.date > right.date }
        return (left.source, left.reference) < (right.source, right.reference)
    }
}
