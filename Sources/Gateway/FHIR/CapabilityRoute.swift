import CareRecord
import Hummingbird
import Topology
import Worker

/// `GET /fhir/metadata`: what this server does, and nothing that it does not. A test compares it with the answers.
struct CapabilityRoute: Sendable {
    let worker: Worker

    /// An operation on patients.
    private struct Operation {
        /// Without the dollar sign.
        let name: String
        let definition: String
        let documentation: String
    }

    private static let operations = [
        Operation(
            name: "ihe-pix", definition: "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix",
            documentation: "GET Patient/$ihe-pix: by which ids the HIEs know a patient."),
        Operation(
            name: "summary", definition: "http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
            documentation: """
                GET Patient/{id}/$summary and GET Patient/$summary?identifier=: an International Patient Summary, \
                composed from the index. It names the HIEs of which it is not complete.
                """),
        Operation(
            name: "everything", definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
            documentation: """
                GET Patient/{id}/$everything, with _type and _since: the resources, asked of the HIEs that hold some. \
                Entries of the index stand in for HIEs that do not answer, which are named.
                """),
    ]

    /// A replica has no resources to be read, and takes none.
    private var hasRecords: Bool { worker.records != nil }

    func get(_ request: Request) throws -> Response {
        _ = try SearchRequest(request, knowing: [])
        let name = worker.topology.hie(worker.hie)?.name ?? worker.hie.text
        let replica = worker.seat.replica.map { ", read replica \($0)" } ?? ""
        return .fhir([
            "resourceType": "CapabilityStatement", "status": "active", "date": .string(worker.startedAt.text),
            "kind": "instance", "software": ["name": "Wherry", "version": .string(ProductVersion.text)],
            "implementation": [
                "description": .string("The worker of \(name)\(replica)"),
                "url": .string(FHIRAddress(request).text),
            ],
            "fhirVersion": "4.0.1", "format": ["application/fhir+json"],
            "rest": [.object(server)],
        ])
    }

    private var server: JSONObject {
        var server = JSONObject()
        server["mode"] = "server"
        server["documentation"] = .string(Self.documentation + (hasRecords ? Self.ofRecords : Self.ofReplica))
        server["resource"] = .array([patient] + EntrySearch.types.map(entry))
        if hasRecords { server["interaction"] = [["code": "transaction"], ["code": "batch"]] }
        return server
    }

    private static let documentation = """
        Searches and summaries read this worker's index of all HIEs and ask nobody. What searches find are index \
        entries, marked SUBSETTED: a few facts of a resource, which its source holds. An OperationOutcome entry of \
        severity warning names every HIE that is not complete.
        """
    private static let ofRecords = " Read, update and delete are of this HIE's own resources, of any type."
    private static let ofReplica = " It is a read replica: the HIE's own resources are at its primary worker."

    private var patient: JSON {
        resource(
            "Patient", PatientSearch.parameters, hasRecords ? ["read", "update", "delete"] : ["read"],
            """
            A search needs an identifier, _id, family or birthdate, and finds one Patient a source. An id that a \
            search gave can be read, unless the source's own id is too long to be part of it.
            """,
            Self.operations.map { operation in
                [
                    "name": .string(operation.name), "definition": .string(operation.definition),
                    "documentation": .string(operation.documentation),
                ]
            })
    }

    private func entry(_ type: String) -> JSON {
        resource(
            type, EntrySearch.parameters, hasRecords ? ["read", "update", "delete"] : [],
            "A search finds the entries of one patient in the index, the newest first. Their ids are of the index.")
    }

    /// `interactions` are those beside searches.
    private func resource(
        _ type: String, _ parameters: [SearchParameter], _ interactions: [String], _ documentation: String,
        _ operations: [JSON] = []
    ) -> JSON {
        var resource = JSONObject()
        resource["type"] = .string(type)
        resource["documentation"] = .string(documentation)
        resource["interaction"] = .array(
            (interactions + ["search-type"]).map { ["code": .string($0)] })
        if hasRecords {
            resource["versioning"] = "versioned"
            resource["readHistory"] = false
            resource["updateCreate"] = true
        }
        resource["searchParam"] = .array(
            parameters.filter { $0.kind != .special }.map { parameter in
                [
                    "name": .string(parameter.name), "type": .string(parameter.kind.rawValue),
                    "documentation": .string(parameter.documentation),
                ]
            })
        if !operations.isEmpty { resource["operation"] = .array(operations) }
        return .object(resource)
    }
}
