import CareRecord
import HTTPTypes
import Hummingbird
import Replication
import Storage
import Topology
import Worker

/// `GET /fhir/Patient/{id}/$everything` (FHIR R4, operation Patient-everything): the resources themselves, asked of the
/// HIEs that hold some. For those that do not answer, the entries of the index stand in.
struct EverythingRoute: Sendable {
    let worker: Worker
    let record: RecordRoute

    static let parameters = [
        SearchParameter(
            name: "_type", kind: .token, documentation: "Only resources of these types, joined by commas."),
        SearchParameter(
            name: "_since", kind: .date,
            documentation: "Only what its source has stored since this day or moment; entries that stand in count."),
        SearchParameter(
            name: "deadline", kind: .special,
            documentation: "How long to wait for the HIEs, such as 500ms or 5s; 2s without it."),
    ]

    func get(_ request: Request, id: String) async throws -> Response {
        let asked = try SearchRequest(request, knowing: Self.parameters)
        let types = try Self.types(asked)
        let number = try await number(of: try PatientName(id: id, worker))
        let query = Query(
            RecordRequest(
                patient: number, categories: types.flatMap(Self.categories),
                since: try Query.since(asked.first("_since")?[...], named: "_since"),
                requester: try Requester(request)),
            deadlineMilliseconds: try Query.span("deadline", asked.first("deadline")?[...])
                ?? Query.deadlineMillisecondsUsual)
        let result = try await record.result(of: query)
        let issues = result.sortedAnswers.compactMap { $0.shortfall?.issue }
        guard result.lookup?.entries.isEmpty == false || !result.resources.isEmpty else {
            let error = OperationOutcome.Issue(.error, .notFound, at: "", "nothing is known of this patient")
            throw Refusal(.notFound, OperationOutcome([error] + issues))
        }
        let matches = try matches(result, query, types, asked.base)
        return .fhir(
            SearchBundle(
                selfLink: asked.link("Patient/\(id.percentEncoded)/$everything", page: nil), nextLink: nil,
                total: matches.count, matches: matches, issues: issues
            ).json)
    }

    private func number(of name: PatientName) async throws -> NHSNumber {
        switch name {
        case .number(let number): number
        case .local: try await worker.lookup(name).patient
        }
    }

    private static func types(_ asked: SearchRequest) throws -> Set<String>? {
        guard let value = asked.values("_type").first else { return nil }
        guard !value.alternatives.isEmpty, value.alternatives.allSatisfy({ ResourceKey.isType($0) }) else {
            throw Refusal(.badRequest, .value, "_type is names of resource types, such as _type=Condition,Procedure")
        }
        return Set(value.alternatives)
    }

    /// `nil` where a type is among them that no index knows: then everything is asked for, and chosen from here.
    private static func categories(_ types: Set<String>) -> Set<CareRecord.Category>? {
        let categories = types.map { CareRecord.Category(type: $0) }
        return categories.contains(nil) ? nil : Set(categories.compactMap(\.self))
    }

    private func matches(
        _ result: QueryResult, _ query: Query, _ types: Set<String>?, _ base: FHIRAddress
    ) throws -> [SearchBundle.Match] {
        func isWanted(_ key: ResourceKey) -> Bool { types?.contains(key.type) ?? true }
        let resources = try result.resources.filter { isWanted($0.resource.key) }.map { source, resource in
            SearchBundle.Match(
                fullURL: base.url("\(source)/\(resource.key.reference)"),
                resource: try JSON.parse(resource.body).naming(source: source))
        }
        guard let lookup = result.lookup else { return resources }
        let composer = EntryComposer(lookup)
        let standIns = result.standIns(query.request.categories).filter { isWanted($0.resource) }.map { entry in
            SearchBundle.Match(
                fullURL: base.url("\(entry.resource.type)/\(entry.fhirID)"), resource: composer.resource(entry))
        }
        return resources + standIns
    }
}

extension JSON {
    /// The resource with its source in `meta`, unless its source says something else there.
    fileprivate func naming(source: HIEIdentifier) -> JSON {
        guard case .object(var resource) = self else { return self }
        var meta = resource["meta"]?.object ?? JSONObject()
        guard meta["source"] == nil else { return self }
        meta["source"] = .string(source.system)
        resource["meta"] = .object(meta)
        return .object(resource)
    }
}

extension PeerAnswer {
    /// `nil` for an answer that is whole.
    var shortfall: Shortfall? {
        guard !state.isWhole else { return nil }
        let detail = reason.map { ": \($0)" } ?? ""
        return Shortfall(hie, cause?.shortfall ?? .peer, "\(state.inWords)\(detail)")
    }
}

extension PeerAnswer.State {
    fileprivate var inWords: String {
        switch self {
        case .answered, .nothingHeld: "answered"
        case .partial: "answered in part"
        case .timedOut: "did not answer in time"
        case .refused: "gave no answer that can be used"
        case .skipped: "was not asked"
        }
    }
}

extension PeerAnswer.Cause {
    fileprivate var shortfall: Shortfall.Cause {
        switch self {
        case .broker: .broker
        case .peer: .peer
        case .refusal: .refusal
        case .planned: .planned
        case .limit: .limit
        }
    }
}
