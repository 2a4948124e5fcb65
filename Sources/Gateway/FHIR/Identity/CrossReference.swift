import CareRecord
import HTTPTypes
import Hummingbird
import Storage
import Topology
import Worker

/// `GET /fhir/Patient/$ihe-pix` (IHE PIXm, ITI-83): by which ids the HIEs know a patient.
struct CrossReference: Sendable {
    let worker: Worker
    let histogram: LatencyHistogram

    static let parameters = [
        SearchParameter(
            name: "sourceIdentifier", kind: .token,
            documentation: "`\(NHSNumber.system)|N`, or `urn:wherry:hie:` with the name of an HIE, `|` and an id there."
        ),
        SearchParameter(
            name: "targetSystem", kind: .special, documentation: "Only identifiers of this system.", timesMax: 50),
    ]

    func get(_ request: Request) async throws -> Response {
        let startedAt = ContinuousClock.now
        defer { histogram.record(ContinuousClock.now - startedAt) }
        let asked = try SearchRequest(request, knowing: Self.parameters)
        let name = try source(asked)
        let targets = try targets(asked)
        let lookup = try await found(name)
        let patients = lookup.entries.filter { $0.resource.type == "Patient" }
            .sorted { ($0.source, $0.resource) < ($1.source, $1.resource) }
        guard !patients.isEmpty else {
            throw Refusal.notFound(Self.notFound, lookup.coverage, worker)
        }
        var parameters: [JSON] = []
        func isWanted(_ system: String) -> Bool { targets?.contains(system) ?? true }
        if name != .number(lookup.patient), isWanted(NHSNumber.system) {
            parameters.append(Self.identifier(NHSNumber.system, lookup.patient.text))
        }
        for entry in patients where isWanted(entry.source.system) {
            if name != .local(entry.source, id: entry.resource.id) {
                parameters.append(Self.identifier(entry.source.system, entry.resource.id))
            }
            parameters.append([
                "name": "targetId",
                "valueReference": ["reference": .string("Patient/\(entry.fhirID)"), "type": "Patient"],
            ])
        }
        let warnings = CoverageWords(worker).warnings(lookup.coverage)
        if !warnings.isEmpty {
            parameters.append(["name": "outcome", "resource": OperationOutcome(warnings).json()])
        }
        return .fhir(["resourceType": "Parameters", "parameter": .array(parameters)])
    }

    // The words of the profile, ITI-83 §2:3.83.4.2.2.
    private static let notFound = "sourceIdentifier Patient Identifier not found"
    private static let unknownSource = "sourceIdentifier Assigning Authority not found"
    private static let unknownTarget = "targetSystem not found"

    private func found(_ name: PatientName) async throws -> Lookup {
        do {
            return try await worker.lookup(name)
        } catch let refusal as Refusal where refusal.status == .notFound {
            throw Refusal.notFound(Self.notFound, worker.coverage(), worker)
        }
    }

    private func source(_ asked: SearchRequest) throws(Refusal) -> PatientName {
        guard let text = asked.first("sourceIdentifier"), let bar = text.firstIndex(of: "|") else {
            throw Refusal(.badRequest, .required, "send one sourceIdentifier=\(NHSNumber.system)|N")
        }
        guard isKnown(String(text[..<bar])) else { throw Refusal(.badRequest, .codeInvalid, Self.unknownSource) }
        return try PatientName(identifier: text, worker)
    }

    /// `nil` for all.
    private func targets(_ asked: SearchRequest) throws(Refusal) -> Set<String>? {
        let systems = asked.values("targetSystem").flatMap(\.alternatives)
        guard systems.allSatisfy(isKnown) else { throw Refusal(.forbidden, .codeInvalid, Self.unknownTarget) }
        return systems.isEmpty ? nil : Set(systems)
    }

    private func isKnown(_ system: String) -> Bool {
        if system == NHSNumber.system { return true }
        return HIEIdentifier(system: system).flatMap { worker.topology.hie($0) } != nil
    }

    private static func identifier(_ system: String, _ value: String) -> JSON {
        ["name": "targetIdentifier", "valueIdentifier": EntryComposer.identifier(system, value)]
    }
}
