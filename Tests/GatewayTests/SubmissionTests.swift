import AsyncHTTPClient
import CareRecord
import Gateway
import NIOCore
import Testing

@Suite("POST /fhir")
struct SubmissionTests {
    @Test("a transaction is stored whole, and every entry is told its status, location and version")
    func transaction() async throws {
        try await RunningGateway.with { gateway async throws in
            let bundle = Samples.bundle(
                "transaction", ("Patient/p1", Samples.patient()), ("AllergyIntolerance/a1", Samples.allergy()))
            let answer = try await gateway.post(bundle)
            #expect(answer.status == 200)
            #expect(answer.header("Content-Type") == "application/fhir+json")
            #expect(answer.json["type"]?.text == "transaction-response")
            let responses = answer.json["entry"]?.elements?.compactMap { $0["response"] } ?? []
            #expect(responses.map { $0["status"]?.text } == ["201 Created", "201 Created"])
            #expect(
                responses.map { $0["location"]?.text } == ["Patient/p1/_history/1", "AllergyIntolerance/a1/_history/1"])
            #expect(responses.map { $0["etag"]?.text } == [#"W/"1""#, #"W/"1""#])
            #expect(answer.summary["created"] == 2)
        }
    }

    @Test("the same bundle twice changes nothing")
    func twice() async throws {
        try await RunningGateway.with { gateway async throws in
            let bundle = Samples.bundle("transaction", ("Patient/p1", Samples.patient()))
            try await gateway.post(bundle)
            let answer = try await gateway.post(bundle)
            #expect(answer.json["entry"]?.elements?.first?["response"]?["status"]?.text == "200 OK")
            #expect(answer.json["entry"]?.elements?.first?["response"]?["etag"]?.text == #"W/"1""#)
            #expect(answer.summary["unchanged"] == 1)
        }
    }

    @Test("a transaction with one bad entry stores none of them, and names the entry")
    func transactionIsAllOrNothing() async throws {
        try await RunningGateway.with { gateway async throws in
            let bundle = Samples.bundle(
                "transaction", ("Patient/p1", Samples.patient()),
                ("Patient/p2", Samples.patient("p2", number: "9990000019")))
            let answer = try await gateway.post(bundle)
            #expect(answer.status == 422)
            #expect(
                answer.json["issue"]?.elements?.first?["expression"]?.elements?.first?.text?.contains("entry[1]")
                    == true)
            #expect(!answer.text.contains("9990000019"))
            #expect(try await gateway.ask(.get, "/fhir/Patient/p1").status == 404)
        }
    }

    @Test("a batch stores its good entries and says of each bad one what is wrong")
    func batchEntryByEntry() async throws {
        try await RunningGateway.with { gateway async throws in
            let bundle = Samples.bundle(
                "batch", ("Patient/p2", Samples.patient("p2", number: "9990000019")), ("Patient/p1", Samples.patient()))
            let answer = try await gateway.post(bundle)
            #expect(answer.status == 200)
            #expect(answer.json["type"]?.text == "batch-response")
            let responses = answer.json["entry"]?.elements?.compactMap { $0["response"] } ?? []
            #expect(responses.map { $0["status"]?.text?.prefix(3) } == ["422", "201"])
            #expect(responses.first?["outcome"]?["resourceType"]?.text == "OperationOutcome")
            #expect(answer.summary["created"] == 1 && answer.summary["failed"] == 1)
            #expect(try await gateway.ask(.get, "/fhir/Patient/p1").status == 200)
        }
    }

    @Test("a collection and a resource on its own are stored")
    func collectionAndSingle() async throws {
        try await RunningGateway.with { gateway async throws in
            let collection =
                #"{"resourceType":"Bundle","type":"collection","entry":[{"resource":\#(Samples.patient())}]}"#
            #expect(try await gateway.post(collection).summary["created"] == 1)
            let single = try await gateway.post(Samples.condition("c1"), type: "application/json; charset=utf-8")
            #expect(single.status == 201)
            #expect(single.header("Location") == "/fhir/Condition/c1/_history/1")
            #expect(single.json["resourceType"]?.text == "Condition")
        }
    }

    @Test("a resource whose patient has no NHS number is stored with a warning and counted")
    func unlinked() async throws {
        try await RunningGateway.with { gateway async throws in
            let bundle = Samples.bundle(
                "transaction", ("Condition/c1", Samples.condition("c1", patient: "Patient/unknown")))
            let answer = try await gateway.post(bundle)
            let response = answer.json["entry"]?.elements?.first?["response"]
            #expect(response?["status"]?.text == "201 Created")
            #expect(response?["outcome"]?["issue"]?.elements?.first?["severity"]?.text == "warning")
            #expect(answer.summary["unlinked"] == 1)
            #expect(try await gateway.ask(.get, "/api/peers").json["own"]?["unlinked"]?.integer == 1)
        }
    }

    @Test("a client that prefers an OperationOutcome or nothing gets that")
    func preference() async throws {
        try await RunningGateway.with { gateway async throws in
            let bundle = Samples.bundle("transaction", ("Patient/p1", Samples.patient()))
            let outcome = try await gateway.post(bundle, headers: [("Prefer", "return=OperationOutcome")])
            #expect(outcome.json["resourceType"]?.text == "OperationOutcome")
            let minimal = try await gateway.post(bundle, headers: [("Prefer", "return=minimal")])
            #expect(minimal.status == 204 && minimal.body.isEmpty && minimal.summary["unchanged"] == 1)
        }
    }

    @Test("another content type is refused with what to send")
    func contentType() async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.post("<Patient/>", type: "application/fhir+xml")
            #expect(answer.status == 415)
            #expect(answer.diagnostics.first?.contains("application/fhir+json") == true)
        }
    }
}
