import CareRecord
import HTTPTypes
import Hummingbird
import Storage
import Topology
import Worker

/// What stands at a replica under the paths of own resources, of which it has none.
struct ReplicaRoute: Sendable {
    let worker: Worker

    /// A Patient of the index can be read here too, by the id that a search gave it.
    func get(_ key: ResourceKey) async throws -> Response {
        if let indexed = try await worker.indexedPatient(key) { return indexed }
        throw Refusal(
            .conflict, .notSupported,
            "\(name) holds no resources: read this one from the primary, or the patient's from here (\(Self.query))")
    }

    /// Says where to send it, to somebody who wants to store something; `allowed` are the methods of the path.
    @Sendable func refusal(_ allowed: [HTTPRequest.Method]) -> Refusal {
        var refusal = Refusal(
            .methodNotAllowed, .notSupported,
            "\(name) stores nothing: send this to the primary, the worker of \(worker.hie) without --replica")
        refusal.headers[.allow] = allowed.map(\.rawValue).joined(separator: ", ")
        return refusal
    }

    private static let query = "GET /api/patients/{nhsNumber}/record"

    private var name: String { "this is \(worker.seat.words), which" }
}

extension Worker {
    /// One Patient of the index, by the id that a search gave it; `nil` for what no search gives as an id.
    func indexedPatient(_ key: ResourceKey) async throws -> Response? {
        guard key.type == "Patient", let (hie, id) = PatientName.split(key.id) else { return nil }
        let (page, coverage) = try await patients(PatientQuery([[.id(hie, id)]], limit: 1))
        guard let found = page.patients.first else {
            guard topology.hie(hie) != nil else { return nil }
            throw Refusal.notFound("there is no such Patient in the index", coverage, self)
        }
        return .fhir(EntryComposer(found.patient, patients: [:]).resource(found.entry))
    }
}
