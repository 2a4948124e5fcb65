import AsyncHTTPClient
import CareRecord
import Gateway
import NIOCore
import Testing

@Suite("Bad input")
struct BadInputTests {
    struct Input: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        let status: Int

        init(_ name: String, _ text: String, _ status: Int) {
            self.init(name, Array(text.utf8), status)
        }

        init(_ name: String, _ bytes: [UInt8], _ status: Int) {
            testDescription = name
            self.bytes = bytes
            self.status = status
        }
    }

    private static func identifiers(_ numbers: String...) -> String {
        numbers.map { #"{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"\#($0)"}"# }.joined(separator: ",")
    }

    static let refused = [
        Input("nothing", "", 400),
        Input("broken JSON", #"{"resourceType":"Patient""#, 400),
        Input("no object", "[1, 2]", 400),
        Input("two values", "{} {}", 400),
        Input("no resource type", #"{"id":"x"}"#, 400),
        Input("deep nesting", String(repeating: "[", count: 100_000), 400),
        Input(
            "deep nesting within a resource",
            #"{"resourceType":"Patient","x":"# + String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
                + "}", 400),
        Input(
            "invalid UTF-8",
            Array(#"{"resourceType":"Patient","id":"x","language":""#.utf8) + [0xFF, 0xFE] + Array(#""}"#.utf8), 400),
        Input("a wrong type of member", #"{"resourceType":"Patient","id":"x","birthDate":7}"#, 400),
        Input("an id that is none", #"{"resourceType":"Patient","id":"a b"}"#, 422),
        Input("an invalid NHS number", Samples.patient("x", number: "9990000019"), 422),
        Input(
            "two NHS numbers",
            #"{"resourceType":"Patient","id":"x","identifier":[\#(identifiers("9990000018", "9990000026"))]}"#,
            422),
        Input(
            "duplicate ids",
            Samples.bundle("transaction", ("Patient/x", Samples.patient("x")), ("Patient/x", Samples.patient("x"))), 422
        ),
        Input("an unknown bundle type", #"{"resourceType":"Bundle","type":"message","entry":[]}"#, 422),
        Input("an entry that is no object", #"{"resourceType":"Bundle","type":"transaction","entry":[7]}"#, 400),
        Input(
            "an entry without a request",
            #"{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"}}]}"#,
            400),
    ]

    @Test("is refused with an OperationOutcome, stores nothing and harms nothing that is stored", arguments: refused)
    func isRefused(_ input: Input) async throws {
        try await RunningGateway.with { gateway async throws in
            try await gateway.put("/fhir/Patient/p1", Samples.patient())
            let answer = try await gateway.ask(
                .post, "/fhir", type: "application/fhir+json", body: .bytes(input.bytes))
            #expect(answer.status == input.status, "\(answer.text.prefix(300))")
            #expect(answer.header("Content-Type") == "application/fhir+json")
            #expect(answer.json["resourceType"]?.text == "OperationOutcome")
            #expect(answer.diagnostics.allSatisfy { !$0.isEmpty })
            #expect(!answer.text.contains("9990000019") && !answer.text.contains("9990000026"))
            #expect(try await gateway.ask(.get, "/fhir/Patient/x").status == 404)
            #expect(try await gateway.ask(.get, "/fhir/Patient/p1").status == 200)
            let metrics = try await gateway.ask(.get, "/metrics").text
            #expect(!metrics.contains("wherry_resources_refused_total 0\n"))
        }
    }

    static let accepted = [
        Input("an unknown type", #"{"resourceType":"Basket","id":"b1","what":[1,{"x":null}]}"#, 201),
        Input("a resource without dates", Samples.condition("c1"), 201),
        Input("a patient without an NHS number", Samples.patient("p9", number: nil), 201),
    ]

    @Test("what is unusual but valid is accepted", arguments: accepted)
    func isAccepted(_ input: Input) async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(.post, "/fhir", type: "application/json", body: .bytes(input.bytes))
            #expect(answer.status == input.status, "\(answer.text.prefix(300))")
        }
    }

    private static var small: GatewaySettings {
        var settings = GatewaySettings()
        settings.bodyBytesMax = 1 << 20
        settings.drainBytesMax = 8 << 20
        settings.largeBodyBytes = 64 << 10
        return settings
    }

    @Test(
        "a body over the limit is answered with 413 and what to do, and the connection goes on",
        arguments: [true, false])
    func bodyOverLimit(isLengthKnown: Bool) async throws {
        try await RunningGateway.with(Self.small) { gateway async throws in
            let body = [UInt8](repeating: UInt8(ascii: " "), count: 4 << 20)
            let answer = try await gateway.ask(
                .post, "/fhir", type: "application/fhir+json",
                body: isLengthKnown
                    ? .bytes(body)
                    : .stream(
                        AsyncStream {
                            $0.yield(ByteBuffer(bytes: body)); $0.finish()
                        }, length: .unknown))
            #expect(answer.status == 413)
            #expect(answer.diagnostics.first?.contains("1 MiB") == true)
            #expect(answer.diagnostics.first?.contains("application/fhir+ndjson") == true)
            #expect(answer.header("Connection") != "close")
            #expect(try await gateway.post(Samples.patient()).status == 201)
        }
    }

    @Test("a body that is not worth draining ends the connection and nothing else")
    func bodyFarOverLimit() async throws {
        try await RunningGateway.with(Self.small) { gateway async throws in
            let body = [UInt8](repeating: UInt8(ascii: " "), count: 16 << 20)
            // The sender may see the answer or the end of the connection, whichever it notices first.
            let answer = try? await gateway.ask(.post, "/fhir", type: "application/fhir+json", body: .bytes(body))
            #expect(answer == nil || answer?.status == 413)
            let next = try await gateway.post(Samples.patient())
            #expect(next.status == 201)
        }
    }

    @Test("a body that stops coming is given up, and lookups go on meanwhile")
    func slowBody() async throws {
        var settings = Self.small
        settings.bodySecondsMax = 1
        settings.largeBodiesMax = 1
        try await RunningGateway.with(settings) { gateway async throws in
            let (pieces, sender) = AsyncStream.makeStream(of: ByteBuffer.self)
            sender.yield(ByteBuffer(string: #"{"resourceType":"#))
            async let slow = gateway.ask(
                .post, "/fhir", type: "application/fhir+json", body: .stream(pieces, length: .unknown))
            let lookup = try await gateway.ask(.get, "/api/patients/\(Samples.number)")
            #expect(lookup.status == 200)
            let answer = try? await slow
            sender.finish()
            #expect(answer == nil || answer?.status == 408)
            let next = try await gateway.post(Samples.patient())
            #expect(next.status == 201)
        }
    }
}
