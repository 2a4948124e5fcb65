import CareRecord
import Testing

@Suite("FHIR capabilities") struct CapabilityTests {
    /// The resources of the statement by type.
    private static func resources(_ gateway: RunningGateway) async throws -> [String: JSON] {
        let statement = try await gateway.ask(.get, "/fhir/metadata")
        #expect(statement.status == 200 && statement.json["fhirVersion"] == "4.0.1")
        let resources = statement.json["rest"]?.elements?.first?["resource"]?.elements ?? []
        return Dictionary(uniqueKeysWithValues: resources.compactMap { one in one["type"]?.text.map { ($0, one) } })
    }

    private static func names(_ json: JSON?, _ member: String, _ name: String) -> Set<String> {
        Set(json?[member]?.elements?.compactMap { $0[name]?.text } ?? [])
    }

    private static let values = [
        "identifier": "9990000018", "_id": "imperial.p1", "family": "Example", "given": "Ada",
        "birthdate": "1980-02-03",
        "gender": "female", "_count": "5", "patient": "9990000018", "patient.identifier": "9990000018",
        "code": "91936005", "date": "2020", "_since": "2019-01-01",
    ]

    /// What a search of the type needs besides the parameter.
    private static func whose(_ type: String, besides name: String) -> String {
        if type == "Patient" { return name == "identifier" ? "" : "&identifier=9990000018" }
        return name.hasPrefix("patient") ? "" : "&patient=9990000018"
    }

    @Test("whatever it claims of searches is answered, and what it does not claim is refused") func searches()
        async throws
    {
        try await RunningGateway.with { gateway async throws in
            try await gateway.indexPatient("imperial", id: "p1")
            let resources = try await Self.resources(gateway)
            #expect(Set(resources.keys) == Set(Category.allCases.flatMap(\.types)))
            for (type, resource) in resources {
                let claimed = Self.names(resource, "searchParam", "name")
                #expect(!claimed.isEmpty)
                for (name, value) in Self.values {
                    let whose = Self.whose(type, besides: name)
                    let answer = try await gateway.ask(.get, "/fhir/\(type)?\(name)=\(value)\(whose)")
                    #expect(answer.status == (claimed.contains(name) ? 200 : 400), "\(type) \(name) \(answer.text)")
                }
                #expect(claimed.isSubset(of: Self.values.keys))
            }
        }
    }

    @Test("the interactions that it claims are answered, and no others") func interactions() async throws {
        try await RunningGateway.with { gateway async throws in
            let resources = try await Self.resources(gateway)
            for (type, resource) in resources {
                #expect(
                    Self.names(resource, "interaction", "code") == ["read", "update", "delete", "search-type"])
                let body =
                    type == "Patient"
                    ? Samples.patient("x") : #"{"resourceType":"\#(type)","id":"x"}"#
                #expect(try await gateway.put("/fhir/\(type)/x", body).status == 201)
                #expect(try await gateway.ask(.get, "/fhir/\(type)/x").status == 200)
                #expect(try await gateway.ask(.delete, "/fhir/\(type)/x").status == 204)
                #expect(try await gateway.ask(.patch, "/fhir/\(type)/x").status == 405)
                #expect(try await gateway.ask(.post, "/fhir/\(type)").status == 405)
                #expect(try await gateway.ask(.delete, "/fhir/\(type)").status == 405)
                for path in ["x/_history", "x/_history/1"] {
                    #expect(try await gateway.ask(.get, "/fhir/\(type)/\(path)").status == 404)
                }
                #expect(try await gateway.ask(.get, "/fhir/\(type)/_history").status == 400)
            }
            for type in ["transaction", "batch"] {
                let bundle = Samples.bundle(type, ("Patient/p1", Samples.patient()))
                #expect(try await gateway.post(bundle).status == 200)
            }
        }
    }

    @Test("the operations that it claims are answered, on patients and on nothing else") func operations() async throws
    {
        try await RunningGateway.with { gateway async throws in
            try await gateway.indexPatient("imperial", id: "p1")
            let resources = try await Self.resources(gateway)
            let paths = [
                "ihe-pix": ["$ihe-pix?sourceIdentifier=https://fhir.nhs.uk/Id/nhs-number%7C9990000018"],
                "summary": ["9990000018/$summary", "$summary?identifier=9990000018"],
                "everything": ["9990000018/$everything?deadline=100ms"],
            ]
            for (type, resource) in resources {
                let claimed = Self.names(resource, "operation", "name")
                #expect(claimed == (type == "Patient" ? Set(paths.keys) : []))
                for path in paths.values.joined() {
                    let answer = try await gateway.ask(.get, "/fhir/\(type)/\(path)")
                    #expect(answer.status == (type == "Patient" ? 200 : 404), "\(type)/\(path)")
                }
            }
            #expect(try await gateway.ask(.get, "/fhir/Patient/9990000018/$validate").status == 404)
        }
    }
}
