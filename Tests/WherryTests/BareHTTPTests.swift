import Foundation
import LoadTest
import TestSupport
import Testing

@Suite("load bare-http") struct BareHTTPTests {
    @Test("what it needs and takes is said when it is left out or wrong", arguments: [[], ["--bytes", "-1"]])
    func refused(_ arguments: [String]) async throws {
        let result = try await WherryProcess(["load", "bare-http"] + arguments).result()
        #expect(result.status == 2 && result.output.isEmpty && result.errors.contains("--bytes"))
    }

    @Test("it is no verb for people: help does not name it")
    func hidden() async throws {
        let result = try await WherryProcess.run("load", "--help")
        #expect(result.status == 0 && !result.output.contains("bare-http"))
    }

    @Test("it serves a constant with the headers of a lookup's answer, and ends politely")
    func constant() async throws {
        let process = try WherryProcess(["load", "bare-http", "--listen", "127.0.0.1:0", "--bytes", "1234"])
        defer { process.signal(SIGKILL) }
        var url: String?
        _ = await eventually {
            url = process.output.split(separator: "\n").first?.split(separator: " ").last.map(String.init)
            return url != nil
        }
        let answer = try await Subprocess.run(
            "/usr/bin/curl", ["-s", "-i", "--max-time", "20", try #require(url) + "/"])
        let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1)
        let head = try #require(parts.first).lowercased()
        #expect(head.hasPrefix("http/1.1 200"))
        #expect(head.contains("content-type: application/json") && head.contains("cache-control: no-store"))
        #expect(head.contains("content-length: 1234") && parts.last?.utf8.count == 1234)
        process.signal(SIGTERM)
        #expect(try await process.result().status == 0)
    }
}
