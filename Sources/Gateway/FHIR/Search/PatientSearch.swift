import CareRecord
import HTTPTypes
import Hummingbird
import Storage
import Topology
import Worker

/// `GET /fhir/Patient?…` and `POST /fhir/Patient/_search` (IHE PDQm, ITI-78): one Patient for every source that the
/// index knows a patient from, and a warning for every HIE that is not complete.
struct PatientSearch: Sendable {
    let worker: Worker
    let histogram: LatencyHistogram

    static let parameters = [
        SearchParameter(
            name: "identifier", kind: .token,
            documentation: """
                `\(NHSNumber.system)|N`, or `urn:wherry:hie:` with the name of an HIE, `|` and the id of its Patient. \
                A system alone is whoever has an identifier of it.
                """, timesMax: 5),
        SearchParameter(
            name: "_id", kind: .token,
            documentation: "The id of a Patient as searches here give it, or an NHS number."),
        SearchParameter(
            name: "family", kind: .string, modifiers: ["exact"],
            documentation: "How the family name begins, without case, accents and punctuation.", timesMax: 5),
        SearchParameter(
            name: "given", kind: .string, modifiers: ["exact"],
            documentation: "How a given name begins, without case, accents and punctuation.", timesMax: 5),
        SearchParameter(
            name: "birthdate", kind: .date,
            documentation: "A date, a month or a year, with eq, ne, gt, lt, ge, le, sa or eb.", timesMax: 5),
        SearchParameter(name: "gender", kind: .token, documentation: "male, female, other or unknown."),
        .count, .page,
    ]

    func get(_ request: Request) async throws -> Response {
        try await answer(try SearchRequest(request, knowing: Self.parameters))
    }

    func post(_ request: Request, form: [UInt8]) async throws -> Response {
        try await answer(try SearchRequest(request, form: form, knowing: Self.parameters))
    }

    private func answer(_ asked: SearchRequest) async throws -> Response {
        let startedAt = ContinuousClock.now
        defer { histogram.record(ContinuousClock.now - startedAt) }
        let page = try asked.page()
        let (found, coverage) = try await worker.patients(try query(asked, page))
        let next = found.hasMore ? found.patients.last.map { PageToken($0.place) } : nil
        return .fhir(
            SearchBundle(
                selfLink: asked.link("Patient", page: page.token),
                nextLink: next.map { asked.link("Patient", page: $0) },
                total: found.total, matches: found.patients.map { Self.match($0, asked.base) },
                issues: CoverageWords(worker).warnings(coverage)
            ).json)
    }

    private static func match(_ found: IndexedPatient, _ base: FHIRAddress) -> SearchBundle.Match {
        let entry = found.entry
        return SearchBundle.Match(
            fullURL: entry.isNamedInFull ? base.url("Patient/\(entry.fhirID)") : entry.urn,
            resource: EntryComposer(found.patient, patients: [:]).resource(entry))
    }

    private func query(_ asked: SearchRequest, _ page: Page) throws(Refusal) -> PatientQuery {
        var groups: [[PatientQuery.Term]] = []
        for value in asked.values {
            var group: [PatientQuery.Term] = []
            for text in value.alternatives {
                if let term = try term(value, text) { group.append(term) }
            }
            if !group.isEmpty { groups.append(group) }
        }
        guard groups.contains(where: { $0.allSatisfy(\.isSelective) }) else {
            throw Refusal(
                .badRequest, .required,
                "too wide: send an identifier, _id, family or birthdate, such as identifier=\(NHSNumber.system)|N")
        }
        let numbers = groups.compactMap { group in group.count == 1 ? group[0].number : nil }
        guard Set(numbers).count <= 1 else {
            throw Refusal(
                .badRequest, .invalid,
                "nobody has two NHS numbers: send one identifier, or several with commas between them")
        }
        return PatientQuery(groups, limit: page.count, after: try page.token.map(PatientQuery.Place.init))
    }

    /// `nil` for parameters that say nothing of the patient.
    private func term(_ value: SearchRequest.Value, _ text: String) throws(Refusal) -> PatientQuery.Term? {
        switch value.parameter.name {
        case "identifier": return try identifier(text)
        case "_id":
            return switch try PatientName(id: text, worker) {
            case .number(let number): .number(number)
            case .local(let hie, let id): .id(hie, id)
            }
        case "family": return try name(text, value, PatientQuery.Term.family, PatientQuery.Term.familyExactly)
        case "given": return try name(text, value, PatientQuery.Term.given, PatientQuery.Term.givenExactly)
        case "birthdate":
            guard let criterion = DateCriterion(text), FHIRDate(criterion.date) == .day else {
                throw Refusal(
                    .badRequest, .value,
                    "birthdate is 1980, 1980-02 or 1980-02-29, with eq, ne, gt, lt, ge, le, sa or eb")
            }
            return .born(criterion)
        case "gender":
            let code = text.split(separator: "|", omittingEmptySubsequences: false).last.map(String.init) ?? ""
            guard AdministrativeGender.codes.contains(code) else {
                throw Refusal(.badRequest, .value, "gender is \(AdministrativeGender.codes.joined(separator: ", "))")
            }
            return .gender(code)
        default: return nil
        }
    }

    private func name(
        _ text: String, _ value: SearchRequest.Value, _ folded: (String) -> PatientQuery.Term,
        _ exactly: (String) -> PatientQuery.Term
    ) throws(Refusal) -> PatientQuery.Term {
        guard !text.searchFolded.isEmpty else {
            throw Refusal(.badRequest, .value, "\(value.parameter.name) has no letters: send how the name begins")
        }
        return value.modifier == "exact" ? exactly(text) : folded(text)
    }

    private func identifier(_ text: String) throws(Refusal) -> PatientQuery.Term {
        if text.hasSuffix("|") {
            let system = String(text.dropLast())
            if system == NHSNumber.system { return .anybody }
            if let hie = HIEIdentifier(system: system), worker.topology.hie(hie) != nil { return .source(hie) }
        }
        return switch try PatientName(identifier: text, worker) {
        case .number(let number): .number(number)
        case .local(let hie, let id): .id(hie, id)
        }
    }
}

extension PatientQuery.Term {
    /// Whether it is for an index to find, rather than for reading everybody.
    fileprivate var isSelective: Bool {
        switch self {
        case .number, .id, .family, .familyExactly, .born: true
        case .source, .given, .givenExactly, .gender, .anybody: false
        }
    }

    fileprivate var number: NHSNumber? {
        guard case .number(let number) = self else { return nil }
        return number
    }
}

extension PageToken {
    fileprivate init(_ place: PatientQuery.Place) {
        self.init([place.patient.text, place.source.text, place.id])
    }
}

extension PatientQuery.Place {
    fileprivate init(_ token: PageToken) throws(Refusal) {
        guard token.fields.count == 3, let patient = NHSNumber(token.fields[0]),
            let source = HIEIdentifier(token.fields[1]), ResourceKey.isID(token.fields[2])
        else { throw SearchRequest.badPage }
        self.init(patient: patient, source: source, id: token.fields[2])
    }
}
