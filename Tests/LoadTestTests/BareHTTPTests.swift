import CareRecord
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import LoadTest

@Suite("HTTP baseline") struct BareHTTPTests {
    @Test("a constant is asked for over several connections at once, and every answer is read whole")
    func constant() async throws {
        let server = try await ServingProcess(["load", "bare-http", "--bytes", "70000"])
        let answers = try await Baselines.http(target: server.target, paths: ["/"], connections: 4, seconds: 0.3)
        #expect(answers.perSecond > 0 && answers.bytes == 70_000)
        let times = try await Baselines.answerTimes(of: server.target, paths: Array(repeating: "/", count: 20))
        #expect(times.count == 20 && times.allSatisfy { $0 > 0 })
    }

    @Test("an answer that is no success fails the baseline")
    func missing() async throws {
        let server = try await ServingProcess(["load", "bare-http", "--bytes", "1"])
        let failure = await #expect(throws: LoadTestError.self) {
            try await Baselines.http(target: server.target, paths: ["/missing"], connections: 1, seconds: 1)
        }
        #expect(failure?.reason.contains("404") == true)
    }

    @Test("a server that is not there fails the baseline")
    func nobody() async throws {
        let barts = try #require(HIEIdentifier("barts"))
        let failure = await #expect(throws: LoadTestError.self) {
            try await Baselines.http(
                target: LoadTarget(hie: barts, host: "127.0.0.1", port: 1), paths: ["/"], connections: 1, seconds: 1)
        }
        #expect(failure?.code == .worker)
    }
}
