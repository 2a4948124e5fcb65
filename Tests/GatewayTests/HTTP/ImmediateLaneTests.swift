import AsyncHTTPClient
import CareRecord
import Foundation
import Testing

@testable import Gateway

@Suite("Answers on the spot")
struct ImmediateLaneTests {
    private static let path = "/api/patients/\(Samples.number)"

    private static func count(_ text: String, _ part: String) -> Int { text.components(separatedBy: part).count - 1 }

    @Test("answers leave in the order of their requests, whichever way each of them goes")
    func order() async throws {
        try await RunningGateway.with { gateway async throws in
            let connection = try RawConnection(url: gateway.url)
            let other = "/api/patients/\(Samples.otherNumber)"
            try connection.get(Self.path, "/api/peers", Self.path, other, "/livez", other, "/nowhere", Self.path)
            let text = try await connection.read { Self.count($0, "HTTP/1.1 ") == 8 && $0.hasSuffix("}") }
            let answers = text.components(separatedBy: "HTTP/1.1 ").dropFirst()
            let seen = answers.map { answer in
                if answer.contains(#""nhsNumber":"\#(Samples.number)""#) { return "one" }
                if answer.contains(#""nhsNumber":"\#(Samples.otherNumber)""#) { return "other" }
                return answer.contains(#""peers""#) ? "peers" : String(answer.prefix(3))
            }
            #expect(seen == ["one", "peers", "one", "other", "200", "other", "404", "one"])
        }
    }

    @Test("an answer on the spot has the header fields that every answer has")
    func fields() async throws {
        try await RunningGateway.with { gateway async throws in
            let quick = try await gateway.ask(.get, Self.path)
            for answer in [quick, try await gateway.ask(.get, "/api/peers")] {
                #expect(answer.status == 200 && answer.header("Content-Type") == "application/json")
                #expect(answer.header("Cache-Control") == "no-store")
                #expect(answer.header("Content-Length") == String(answer.body.count))
                let date = try #require(answer.header("Date"))
                let form = /(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/
                #expect(date.wholeMatch(of: form) != nil)
            }
        }
    }

    @Test("a date is told as HTTP has it, and anew when the second changes")
    func date() {
        let date = HTTPDate()
        // The example of RFC 9110 §5.6.7.
        #expect(date.text(at: Timestamp(milliseconds: 784_111_777_999)) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(date.text(at: Timestamp(milliseconds: 784_111_778_000)) == "Sun, 06 Nov 1994 08:49:38 GMT")
        #expect(date.text(at: Timestamp(milliseconds: 951_782_400_000)) == "Tue, 29 Feb 2000 00:00:00 GMT")
    }

    @Test("what has a body, wants the connection closed or is no GET goes the usual way and is answered as well")
    func usual() async throws {
        try await RunningGateway.with { gateway async throws in
            let connection = try RawConnection(url: gateway.url)
            try connection.send("GET \(Self.path) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")
            let first = try await connection.read { $0.hasSuffix("}") }
            #expect(first.hasPrefix("HTTP/1.1 200") && first.contains(Samples.number))
            try connection.get(Self.path, fields: "Connection: close\r\n")
            let last = try await connection.readToEnd()
            #expect(last.hasPrefix("HTTP/1.1 200") && last.contains(Samples.number))
            let head = try await gateway.ask(.head, Self.path)
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(try await gateway.ask(.delete, Self.path).status == 405)
        }
    }

    @Test("a connection is kept while it is used, however long, and ended once it is not")
    func idle() async throws {
        var settings = GatewaySettings()
        settings.idleSecondsMax = 8
        try await RunningGateway.with(settings) { gateway async throws in
            let connection = try RawConnection(url: gateway.url)
            let begun = ContinuousClock.now
            var lastUsed = begun
            while lastUsed - begun < .seconds(10) {
                lastUsed = .now
                try connection.get(Self.path)
                let answer = try await connection.read { $0.hasSuffix("}") }
                #expect(answer.hasPrefix("HTTP/1.1 200"))
                try await Task.sleep(for: .milliseconds(100))  // a connection is used now and then, not all the time
            }
            #expect(try await connection.readToEnd().isEmpty)
            #expect(ContinuousClock.now - lastUsed > .milliseconds(7900))
            // Half a request is no use of a connection.
            let half = try RawConnection(url: gateway.url)
            try half.send("GET \(Self.path) HTTP/1.1\r\n")
            #expect(try await half.readToEnd().isEmpty)
        }
    }

    @Test("who waits for an answer that takes longer than that is not hung up on")
    func waiting() async throws {
        var settings = GatewaySettings()
        settings.idleSecondsMax = 1
        try await RunningGateway.with(settings) { gateway async throws in
            let connection = try RawConnection(url: gateway.url)
            // Nothing moves here, and the next sign of life comes after ten seconds.
            try connection.get("/api/progress")
            let text = try await connection.read { $0.contains("\n:") || $0.contains("\r\n:") }
            #expect(text.contains("event: progress"))
        }
    }

    @Test("a long record, which is read elsewhere, is told in the same form")
    func long() async throws {
        try await RunningGateway.with { gateway async throws in
            try await gateway.put("/fhir/Patient/p1", Samples.patient())
            try await gateway.put("/fhir/AllergyIntolerance/a1", Samples.allergy())
            try await gateway.put("/fhir/Condition/new", Samples.condition("new", date: "2021-05-06"))
            try await gateway.put("/fhir/Condition/none", Samples.condition("none"))
            let short = try await gateway.eventually(Self.path) { $0.json["entries"]?.elements?.count == 4 }
            let lines = (0..<1200).map { Samples.condition("old-\($0)", date: "1990-01-01") }.joined(separator: "\n")
            let stored = try await gateway.ask(
                .post, "/fhir", type: "application/fhir+ndjson", body: .bytes(Array(lines.utf8)))
            #expect(stored.status == 200)
            let long = try await gateway.eventually(Self.path) { $0.json["entries"]?.elements?.count == 1204 }
            let kept = long.json["entries"]?.elements?.filter { $0["date"]?.text != "1990-01-01" }
            #expect(kept == short.json["entries"]?.elements)
            #expect(long.json["demographics"] == short.json["demographics"])
        }
    }
}
