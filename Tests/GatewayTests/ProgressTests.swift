import AsyncHTTPClient
import CareRecord
import NIOCore
import NIOHTTP1
import TestSupport
import Testing
import Worker

@Suite("Following a worker") struct ProgressTests {
    @Test("what is stored says how far the journal reaches, and whoever follows is told when that is indexed")
    func progress() async throws {
        try await RunningGateway.with { gateway in
            let request = HTTPClientRequest(url: gateway.url + "/api/progress")
            let response = try await gateway.client.execute(request, timeout: .seconds(60))
            #expect(response.headers.first(name: "Content-Type") == "text/event-stream")
            let answer = try await gateway.post(Self.patient)
            let head = try #require(answer.header("Wherry-Journal-Head").flatMap(Int64.init))
            #expect(head > 0)
            let unchanged = try await gateway.post(Self.patient)
            #expect(unchanged.header("Wherry-Journal-Head") == String(head))
            var text = ""
            for try await buffer in response.body {
                text += String(buffer: buffer)
                if text.contains("\"sources\":{\"barts\":\(head)}") { break }
            }
            #expect(text.hasPrefix("event: progress\ndata: {") && text.contains("\"head\":\(head)"))
        }
    }

    private static let patient = """
        {"resourceType":"Patient","id":"p","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":\
        "9990000018"}]}
        """

    @Test("a stream, one resource and a deletion say it too") func everySubmission() async throws {
        try await RunningGateway.with { gateway in
            let stream = try await gateway.post(Self.patient, type: "application/x-ndjson")
            #expect(stream.header("Wherry-Journal-Head") == "1")
            let one = try await gateway.put(
                "/fhir/Condition/c",
                #"{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"text":"x"}}"#)
            #expect(one.header("Wherry-Journal-Head") == "2")
            let deletion = try await gateway.ask(.delete, "/fhir/Condition/c")
            #expect(deletion.header("Wherry-Journal-Head") == "3")
        }
    }

    @Test("without a broker nothing was confirmed and nothing taken") func latencies() async throws {
        try await RunningGateway.with { gateway in
            let json = try await gateway.ask(.get, "/api/latencies").json
            for name in ["confirm", "apply"] {
                #expect(json[name]?["unit"]?.text == "microseconds")
                #expect(json[name]?["counts"]?.elements?.isEmpty == true)
            }
        }
    }
}
