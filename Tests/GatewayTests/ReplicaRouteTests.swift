import CareRecord
import Foundation
import Logging
import TestSupport
import Testing
import Topology
import Worker

@Suite("A read replica over HTTP") struct ReplicaRouteTests {
    private func withReplica(_ body: @escaping @Sendable (RunningGateway) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let yaml = RunningGateway.topology.replacing("name: Barts,", with: "name: Barts, replicas: [a],")
        var settings = WorkerSettings(
            topology: try Topology.parse(yaml: yaml, file: "test.yaml"), hie: try #require(HIEIdentifier("barts")),
            dataDirectory: directory.path)
        settings.replica = ReplicaName("a")
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        try await RunningGateway.serve(try await Worker(settings, logger: logger), logger: logger, body)
        // It goes with its last user.
        _ = directory
    }

    @Test("whatever would store something is refused with where to send it, and the worker goes on")
    func writes() async throws {
        try await withReplica { gateway in
            let answers = [
                try await gateway.post(Samples.bundle("transaction", ("Patient/p1", Samples.patient()))),
                try await gateway.post(Samples.patient() + "\n", type: "application/fhir+ndjson"),
                try await gateway.put("/fhir/Patient/p1", Samples.patient("p1")),
                try await gateway.ask(.delete, "/fhir/Patient/p1"),
            ]
            for answer in answers {
                #expect(answer.status == 405 && answer.json["resourceType"]?.text == "OperationOutcome")
                #expect(
                    answer.diagnostics == [
                        "this is replica a of barts, which stores nothing: send this to the primary, the worker of barts "
                            + "without --replica"
                    ])
            }
            #expect(answers.map { $0.header("Allow") } == ["", "", "GET", "GET"])
            #expect(try await gateway.ask(.get, "/api/patients/\(Samples.number)").status == 200)
        }
    }

    @Test("a resource of its HIE is said to be at the primary, and is never said not to exist") func reads()
        async throws
    {
        try await withReplica { gateway in
            let answer = try await gateway.ask(.get, "/fhir/Condition/c1")
            #expect(answer.status == 409 && answer.diagnostics.first?.contains("from the primary") == true)
            // Of the index it reads a Patient as every worker does.
            #expect(try await gateway.ask(.get, "/fhir/Patient/homerton.p1").status == 404)
        }
    }

    @Test("peers name the replica and have its own HIE among them, silent until its primary is heard") func peers()
        async throws
    {
        try await withReplica { gateway in
            let json = try await gateway.ask(.get, "/api/peers").json
            #expect(json["hie"]?.text == "barts" && json["replica"]?.text == "a")
            #expect(json["peers"]?.elements?.map { $0["hie"]?.text } == ["barts", "homerton", "imperial"])
            #expect(json["peers"]?.elements?.first?["state"]?.text == "silent")
            #expect(json["peers"]?.elements?.first?["breaker"]?.text == "closed")
            #expect(json["own"]?["head"] == nil && json["own"]?["startedAt"] != nil)
            #expect(json["accounts"]?.elements?.map { $0["hie"]?.text } == ["barts", "homerton"])
            #expect(try await gateway.ask(.get, "/api/incidents").json["replica"]?.text == "a")
        }
    }

    @Test("its metrics say nothing of a journal, and of its own HIE what they say of any source") func metrics()
        async throws
    {
        try await withReplica { gateway in
            let text = try await gateway.ask(.get, "/metrics").text
            #expect(!text.contains("wherry_journal_head") && !text.contains("wherry_resources_unlinked"))
            #expect(text.contains(#"wherry_source_state{source="barts",state="silent"} 1"#))
            #expect(text.contains(#"wherry_breaker_open{source="barts"} 0"#))
        }
    }

    @Test("until it knows of its own HIE it is not ready, and says why") func starting() async throws {
        try await withReplica { gateway in
            let answer = try await gateway.ask(.get, "/readyz")
            #expect(answer.status == 503 && answer.json["status"]?.text == "starting")
            #expect(answer.text.contains("changes of barts are not indexed yet"))
            #expect(try await gateway.ask(.get, "/livez").status == 200)
        }
    }

    @Test("its capabilities are searches, reads of the index and operations") func capabilities() async throws {
        try await withReplica { gateway in
            let rest = try await gateway.ask(.get, "/fhir/metadata").json["rest"]?.elements?.first
            #expect(rest?["interaction"] == nil)
            for resource in rest?["resource"]?.elements ?? [] {
                let claimed = resource["interaction"]?.elements?.compactMap { $0["code"]?.text }
                let isPatient = resource["type"]?.text == "Patient"
                #expect(claimed == (isPatient ? ["read", "search-type"] : ["search-type"]))
                #expect(resource["updateCreate"] == nil)
            }
        }
    }
}
