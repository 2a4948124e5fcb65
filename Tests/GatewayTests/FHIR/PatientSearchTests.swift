import AsyncHTTPClient
import CareRecord
import Testing

@Suite("FHIR patient search") struct PatientSearchTests {
    private static let system = "https://fhir.nhs.uk/Id/nhs-number"

    private static func entries(_ answer: RunningGateway.Answer, _ mode: String) -> [JSON] {
        (answer.json["entry"]?.elements ?? []).filter { $0["search"]?["mode"]?.text == mode }
            .compactMap { $0["resource"] }
    }

    private static func ids(_ answer: RunningGateway.Answer) -> [String] {
        entries(answer, "match").compactMap { $0["id"]?.text }
    }

    @Test("by name, birth date and gender, one Patient a source, by GET and by POST") func demographics() async throws {
        try await RunningGateway.with { gateway async throws in
            try await gateway.indexPatient("homerton", id: "h1", family: "Ödegård")
            try await gateway.indexPatient("imperial", id: "b1", family: "Odegaard", of: Samples.otherNumber)
            for query in [
                "family=odeg&birthdate=1980-02-03", "family:exact=%C3%96deg%C3%A5rd",
                "birthdate=eq1980-02&family=odegar",
                "family=odegard&given=a&gender=female", "family=nobody,%C3%96degard", "_id=homerton.h1",
                "identifier=urn:wherry:hie:homerton%7Ch1", "family=ode&identifier=urn:wherry:hie:homerton%7C",
                "identifier=\(Self.system)%7C\(Samples.number)&_format=json&_pretty=true",
            ] {
                let answer = try await gateway.ask(.get, "/fhir/Patient?\(query)")
                let isBoth = query.hasPrefix("family=odeg&")
                #expect(Self.ids(answer) == ["homerton.h1"] + (isBoth ? ["imperial.b1"] : []), "\(query)")
                let posted = try await gateway.ask(
                    .post, "/fhir/Patient/_search", type: "application/x-www-form-urlencoded",
                    body: .bytes(Array(query.utf8)))
                #expect(posted.status == 200 && Self.ids(posted) == Self.ids(answer), "\(query)")
            }
        }
    }

    @Test("pages are linked and hold everybody once") func pages() async throws {
        try await RunningGateway.with { gateway async throws in
            for number in [Samples.number, Samples.otherNumber] {
                for hie in ["homerton", "imperial"] {
                    try await gateway.indexPatient(hie, id: "p\(number)", of: number)
                }
            }
            var path: String? = "/fhir/Patient?family=exam&_count=1"
            var ids: [String] = []
            while let asked = path {
                let answer = try await gateway.ask(.get, asked)
                #expect(answer.json["total"]?.integer == 4 && Self.ids(answer).count == 1)
                ids += Self.ids(answer)
                let links = answer.json["link"]?.elements ?? []
                #expect(links.first?["relation"] == "self")
                let next = links.first { $0["relation"] == "next" }?["url"]?.text
                path = next.map { String($0.dropFirst(gateway.url.count)) }
                #expect(next?.hasPrefix(gateway.url + "/fhir/Patient?family=exam&_count=1&_page=") ?? true)
            }
            #expect(ids.count == 4 && Set(ids).count == 4)
        }
    }

    @Test("a Patient can be read by the id that a search gave it") func read() async throws {
        try await RunningGateway.with { gateway async throws in
            try await gateway.indexPatient("homerton", id: "h1")
            let answer = try await gateway.ask(.get, "/fhir/Patient/homerton.h1")
            #expect(answer.status == 200 && answer.json["id"]?.text == "homerton.h1")
            let unknown = try await gateway.ask(.get, "/fhir/Patient/homerton.h2")
            #expect(unknown.status == 404 && unknown.diagnostics.contains { $0.hasPrefix("homerton is silent") })
        }
    }

    @Test("P3: who is not complete is named with the cause, also when nothing is found") func causes() async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(.get, "/fhir/Patient?family=nobody")
            #expect(answer.status == 200 && answer.json["total"]?.integer == 0)
            let issues = Self.entries(answer, "outcome").first?["issue"]?.elements ?? []
            #expect(issues.map { $0["severity"]?.text } == ["warning", "warning", "information"])
            let codes = issues.compactMap { $0["details"]?["coding"]?.elements?.first?["code"]?.text }
            #expect(codes == ["broker", "planned"])
        }
    }

    @Test("when every HIE is complete, nothing found is said without a warning") func complete() async throws {
        try await RunningGateway.with(topology: RunningGateway.alone) { gateway async throws in
            let answer = try await gateway.ask(.get, "/fhir/Patient?family=nobody")
            let issues = Self.entries(answer, "outcome").first?["issue"]?.elements ?? []
            #expect(issues.map { $0["severity"]?.text } == ["information"])
        }
    }

    @Test(
        "what cannot be searched for is refused in words that repeat no patient's data",
        arguments: [
            "given=Secret", "gender=female", "family=Secret&birthdate=1980-13-01", "family=Secret&birthdate=ap1980",
            "family=Secret&birthdate=1980-01-01T00:00:00Z", "family=Secret&gender=Secret", "family=", "family=...",
            "family=Secret&_count=0", "family=Secret&_count=-1", "family=Secret&_count=1001", "family=Secret&_count=x",
            "family=Secret&_page=zz", "family=Secret&_page=31", "family:contains=Secret", "family=Secret&name=Secret",
            "family=%ff", "_id=a/b", "_id=9990000019", "identifier=urn:wherry:hie:nowhere%7Cx",
            "identifier=urn:wherry:hie:barts%7Ca%20b", "family=Secret&_count=1&_count=2", "family=Secret&_sort=family",
            "identifier=9990000018&identifier=9990000026", "identifier=https://fhir.nhs.uk/Id/nhs-number%7C",
        ])
    func refused(query: String) async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(.get, "/fhir/Patient?\(query)")
            #expect(answer.status == 400)
            #expect(answer.json["resourceType"] == "OperationOutcome" && answer.diagnostics.first?.isEmpty == false)
            #expect(!answer.text.contains("Secret") && !answer.text.contains("99900000"))
        }
    }

    @Test("a format that is not JSON, and a form that is none, are refused as such") func formats() async throws {
        try await RunningGateway.with { gateway async throws in
            #expect(try await gateway.ask(.get, "/fhir/Patient?family=x&_format=xml").status == 406)
            let xml = [("Accept", "application/fhir+xml")]
            #expect(try await gateway.ask(.get, "/fhir/metadata", headers: xml).status == 406)
            let json = try await gateway.ask(.post, "/fhir/Patient/_search", type: "application/json", body: .bytes([]))
            #expect(json.status == 415)
            let large = [UInt8](repeating: UInt8(ascii: "a"), count: 100_000)
            let form = "application/x-www-form-urlencoded"
            #expect(
                try await gateway.ask(.post, "/fhir/Patient/_search", type: form, body: .bytes(large)).status == 413)
        }
    }
}
