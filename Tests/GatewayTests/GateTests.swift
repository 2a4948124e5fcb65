import NIOConcurrencyHelpers
import Testing

@testable import Gateway

@Suite("Gate")
struct GateTests {
    @Test("never lets more through at once than it has places")
    func places() async throws {
        let gate = Gate("tests", places: 3, waitingMax: 100, waitSecondsMax: 600)
        let inside = Inside()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    try await gate.pass {
                        inside.enter()
                        await Task.yield()
                        inside.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inside.most <= 3 && inside.total == 60)
    }

    @Test("turns away who would wait behind too many")
    func tooManyWaiting() async throws {
        let gate = Gate("tests", places: 1, waitingMax: 0, waitSecondsMax: 30)
        try await gate.pass {
            await #expect(throws: Gate.Busy.self) { try await gate.pass {} }
        }
        try await gate.pass {}
    }

    @Test("turns away who waited too long, and loses no place by it")
    func waitedTooLong() async throws {
        let gate = Gate("tests", places: 1, waitingMax: 10, waitSecondsMax: 0)
        for _ in 0..<50 {
            try await gate.pass {
                await #expect(throws: Gate.Busy.self) { try await gate.pass {} }
            }
        }
    }

    @Test("a wait that is cancelled ends at once and loses no place")
    func cancelled() async throws {
        let gate = Gate("tests", places: 1, waitingMax: 10, waitSecondsMax: 30)
        try await gate.pass {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await #expect(throws: CancellationError.self) { try await gate.pass {} } }
                group.cancelAll()
            }
        }
        try await gate.pass {}
    }

    private final class Inside: Sendable {
        private let state = NIOLockedValueBox((now: 0, most: 0, total: 0))

        var most: Int { state.withLockedValue { $0.most } }
        var total: Int { state.withLockedValue { $0.total } }

        func enter() {
            state.withLockedValue { state in
                state.now += 1
                state.total += 1
                state.most = max(state.most, state.now)
            }
        }

        func leave() { state.withLockedValue { $0.now -= 1 } }
    }
}

@Suite("Listen address")
struct ListenAddressTests {
    @Test(
        "reads host and port",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1", 8080), ("localhost:0", "localhost", 0), ("[::1]:65535", "::1", 65535),
        ])
    func valid(_ text: String, _ host: String, _ port: Int) {
        let address = ListenAddress(text)
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address?.description == text)
    }

    @Test(
        "refuses everything else",
        arguments: [
            "", "8080", "host", "host:", ":80", "host:-1", "host:+1", "host:65536", "::1:80", "[::1]", "[host]:80",
            "a b:80",
            "host:80/x",
        ])
    func invalid(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }
}
