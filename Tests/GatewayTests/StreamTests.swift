import AsyncHTTPClient
import CareRecord
import NIOCore
import Testing

@Suite("POST /fhir with NDJSON")
struct StreamTests {
    private static let type = "application/fhir+ndjson"

    @Test("each line succeeds or fails by itself, and what fails is named by its line")
    func lineByLine() async throws {
        try await RunningGateway.with { gateway async throws in
            let lines = [
                Samples.patient(), "{broken", "", Samples.condition("c1"), Samples.patient("p2", number: "9990000019"),
            ]
            let answer = try await gateway.post(lines.joined(separator: "\n"), type: Self.type)
            #expect(answer.status == 200)
            #expect(answer.json["resourceType"]?.text == "Parameters")
            #expect(Self.counts(answer)["created"] == 2)
            #expect(Self.counts(answer)["failed"] == 2)
            let outcome = answer.json["parameter"]?.elements?.first { $0["name"]?.text == "outcome" }?["resource"]
            let texts = outcome?["issue"]?.elements?.compactMap { $0["diagnostics"]?.text } ?? []
            #expect(texts.count == 2, "\(texts)")
            #expect(texts.first?.contains("line 2") == true)
            #expect(texts.last?.contains("line 5") == true)
            #expect(!answer.text.contains("9990000019"))
            #expect(try await gateway.ask(.get, "/fhir/Condition/c1").status == 200)
        }
    }

    @Test("a part of a file names its lines as the file has them")
    func firstLine() async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(
                .post, "/fhir?firstLine=1001", type: "application/x-ndjson", body: .bytes(ByteBuffer(string: "{}\n")))
            #expect(answer.text.contains("line 1001"))
            let bad = try await gateway.ask(
                .post, "/fhir?firstLine=0", type: Self.type, body: .bytes(ByteBuffer(string: "{}\n")))
            #expect(bad.status == 400)
        }
    }

    @Test("a stream of many transactions, cut anywhere into pieces, is stored whole")
    func manyLines() async throws {
        try await RunningGateway.with { gateway async throws in
            let text = ([Samples.patient()] + (1...1700).map { Samples.condition("c\($0)") }).joined(separator: "\n")
            let bytes = Array(text.utf8)
            let (pieces, sender) = AsyncStream.makeStream(of: ByteBuffer.self)
            for start in stride(from: 0, to: bytes.count, by: 977) {
                sender.yield(ByteBuffer(bytes: bytes[start..<min(start + 977, bytes.count)]))
            }
            sender.finish()
            let answer = try await gateway.ask(
                .post, "/fhir", type: Self.type, body: .stream(pieces, length: .unknown))
            #expect(
                Self.counts(answer) == [
                    "created": 1701, "updated": 0, "unchanged": 0, "deleted": 0, "failed": 0, "unlinked": 0,
                ])
            let lookup = try await gateway.eventually("/api/patients/\(Samples.number)") {
                $0.json["entries"]?.elements?.count == 1701
            }
            #expect(lookup.json["entries"]?.elements?.count == 1701)
        }
    }

    private static func counts(_ answer: RunningGateway.Answer) -> [String: Int64] {
        let parameters = answer.json["parameter"]?.elements ?? []
        return Dictionary(
            uniqueKeysWithValues: parameters.compactMap { parameter in
                guard let name = parameter["name"]?.text, let count = parameter["valueInteger"]?.integer else {
                    return nil
                }
                return (name, count)
            })
    }
}
