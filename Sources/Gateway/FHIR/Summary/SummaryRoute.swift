import CareRecord
import HTTPTypes
import Hummingbird
import Topology
import Worker

/// `GET /fhir/Patient/{id}/$summary` and `GET /fhir/Patient/$summary?identifier=…`: an International Patient Summary,
/// composed from the index. No peer is asked.
struct SummaryRoute: Sendable {
    let worker: Worker
    let histogram: LatencyHistogram

    static let parameters = [
        SearchParameter(
            name: "identifier", kind: .token,
            documentation: "Whose summary: `\(NHSNumber.system)|N`, or an HIE's own id under `urn:wherry:hie:…`.")
    ]

    func get(_ request: Request) async throws -> Response {
        let asked = try SearchRequest(request, knowing: Self.parameters)
        guard let identifier = asked.first("identifier") else {
            throw Refusal(.badRequest, .required, "send one identifier=\(NHSNumber.system)|N")
        }
        return try await answer(try PatientName(identifier: identifier, worker))
    }

    func get(_ request: Request, id: String) async throws -> Response {
        _ = try SearchRequest(request, knowing: [])
        return try await answer(try PatientName(id: id, worker))
    }

    private func answer(_ name: PatientName) async throws -> Response {
        let startedAt = ContinuousClock.now
        defer { histogram.record(ContinuousClock.now - startedAt) }
        let lookup = try await worker.lookup(name)
        guard !lookup.entries.isEmpty else {
            throw Refusal.notFound("nothing is known of this patient", lookup.coverage, worker)
        }
        let own = worker.topology.hie(worker.hie)?.name ?? worker.hie.text
        return .fhir(
            SummaryDocument(lookup, author: (worker.hie, own), now: worker.clock.now, words: CoverageWords(worker)).json
        )
    }
}
