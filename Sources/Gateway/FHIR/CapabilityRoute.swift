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

    func get(_ request: Request) throws -> Response {
        _ = try SearchRequest(request, knowing: [])
        return .fhir([
            "resourceType": "CapabilityStatement", "status": "active", "date": .string(worker.startedAt.text),
            "kind": "instance", "software": ["name": "Wherry", "version": .string(ProductVersion.text)],
            "implementation": [
                "description": .string("The worker of \(worker.topology.hie(worker.hie)?.name ?? worker.hie.text)"),
                "url": .string(FHIRAddress(request).text),
            ],
            "fhirVersion": "4.0.1", "format": ["application/fhir+json"],
            "rest": [
                [
                    "mode": "server", "documentation": .string(Self.documentation),
                    "resource": .array([Self.patient] + EntrySearch.types.map(Self.entry)),
                    "interaction": [["code": "transaction"], ["code": "batch"]],
                ]
            ],
        ])
    }

    private static let documentation = """
        Searches and summaries read this worker's index of all HIEs and ask nobody. What searches find are index \
        entries, marked SUBSETTED: a few facts of a resource, which its source holds. An OperationOutcome entry of \
        severity warning names every HIE that is not complete. Read, update and delete are of this HIE's own \
        resources, of any type.
        """

    private static var patient: JSON {
        resource(
            "Patient", PatientSearch.parameters,
            """
            A search needs an identifier, _id, family or birthdate, and finds one Patient a source. An id that a \
            search gave can be read, unless the source's own id is too long to be part of it.
            """,
            operations.map { operation in
                [
                    "name": .string(operation.name), "definition": .string(operation.definition),
                    "documentation": .string(operation.documentation),
                ]
            })
    }

    private static func entry(_ type: String) -> JSON {
        resource(
            type, EntrySearch.parameters,
            "A search finds the entries of one patient in the index, the newest first. Their ids are of the index.")
    }

    private static func resource(
        _ type: String, _ parameters: [SearchParameter], _ documentation: String, _ operations: [JSON] = []
    ) -> JSON {
        var resource = JSONObject()
        resource["type"] = .string(type)
        resource["documentation"] = .string(documentation)
        resource["interaction"] = .array(
            ["read", "update", "delete", "search-type"].map { ["code": .string($0)] })
        resource["versioning"] = "versioned"
        resource["readHistory"] = false
        resource["updateCreate"] = true
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
