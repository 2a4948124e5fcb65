import CareRecord
import Testing

@Suite("/fhir/{type}/{id}")
struct ResourceTests {
    @Test("a resource is created, read, replaced, deleted and brought back, each with its version")
    func life() async throws {
        try await RunningGateway.with { gateway async throws in
            let path = "/fhir/Patient/p1"
            let created = try await gateway.put(path, Samples.patient())
            #expect(created.status == 201)
            #expect(created.header("ETag") == #"W/"1""#)
            #expect(created.header("Location") == "/fhir/Patient/p1/_history/1")
            let read = try await gateway.ask(.get, path)
            #expect(read.status == 200 && read.json["id"]?.text == "p1")
            #expect(read.header("ETag") == #"W/"1""#)
            #expect(read.header("Last-Modified")?.hasSuffix(" GMT") == true)
            #expect(read.header("Cache-Control") == "no-store")
            #expect(try await gateway.put(path, Samples.patient()).status == 200)
            let replaced = try await gateway.put(path, Samples.patient(number: Samples.otherNumber))
            #expect(replaced.status == 200 && replaced.header("ETag") == #"W/"2""#)
            #expect(try await gateway.ask(.delete, path).status == 204)
            let gone = try await gateway.ask(.get, path)
            #expect(gone.status == 410 && gone.header("ETag") == #"W/"3""#)
            #expect(gone.json["resourceType"]?.text == "OperationOutcome")
            let back = try await gateway.put(path, Samples.patient())
            #expect(back.status == 201 && back.header("ETag") == #"W/"4""#)
            #expect(try await gateway.ask(.get, path).status == 200)
        }
    }

    @Test("what is deleted leaves the lookup, and what is put again returns")
    func lookupFollows() async throws {
        try await RunningGateway.with { gateway async throws in
            let lookup = "/api/patients/\(Samples.number)"
            @Sendable func expectEntries(_ count: Int) async throws {
                let answer = try await gateway.eventually(lookup) { $0.json["entries"]?.elements?.count == count }
                #expect(answer.json["entries"]?.elements?.count == count)
            }
            try await gateway.put("/fhir/Patient/p1", Samples.patient())
            try await gateway.put("/fhir/AllergyIntolerance/a1", Samples.allergy())
            try await expectEntries(2)
            try await gateway.ask(.delete, "/fhir/AllergyIntolerance/a1")
            try await expectEntries(1)
            try await gateway.put("/fhir/AllergyIntolerance/a1", Samples.allergy())
            try await expectEntries(2)
        }
    }

    @Test("nothing there is 404 to read and 204 to delete")
    func absent() async throws {
        try await RunningGateway.with { gateway async throws in
            let read = try await gateway.ask(.get, "/fhir/Condition/none")
            #expect(read.status == 404 && read.json["resourceType"]?.text == "OperationOutcome")
            #expect(try await gateway.ask(.delete, "/fhir/Condition/none").status == 204)
        }
    }

    @Test("a resource that is not the one of the path is refused")
    func mismatch() async throws {
        try await RunningGateway.with { gateway async throws in
            #expect(try await gateway.put("/fhir/Patient/p2", Samples.patient("p1")).status == 422)
            #expect(try await gateway.put("/fhir/Condition/p1", Samples.patient("p1")).status == 422)
            #expect(try await gateway.ask(.get, "/fhir/Patient/p1").status == 404)
            #expect(try await gateway.ask(.get, "/fhir/patient/p1").status == 400)
            #expect(try await gateway.ask(.get, "/fhir/Patient/a%20b").status == 400)
            #expect(try await gateway.ask(.get, "/fhir/Patient/a%zzb").status == 400)
        }
    }

    @Test("a condition on the version is refused rather than ignored")
    func condition() async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.put(
                "/fhir/Patient/p1", Samples.patient(), headers: [("If-Match", #"W/"7""#)])
            #expect(answer.status == 412)
            #expect(try await gateway.ask(.get, "/fhir/Patient/p1").status == 404)
        }
    }
}
