import CareRecord
import Testing

@testable import LoadTest

@Suite("Load driver") struct LoadDriverTests {
    @Test("a worker that tells no progress is named")
    func noProgress() async throws {
        let server = try await ScriptedServer.start { _, _ in
            [.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")]
        }
        let hie = try #require(HIEIdentifier("barts"))
        let core = DriveCore(
            profile: LoadProfile(name: "test", about: "Nothing comes of it."),
            targets: [LoadTarget(hie: hie, host: "127.0.0.1", port: server.port)],
            connected: [hie], board: ProgressBoard([hie])
        ) { _, _ in }
        let error = await #expect(throws: LoadTestError.self) {
            try await core.start(
                [LoadTarget(hie: hie, host: "127.0.0.1", port: server.port)], secondsMax: 3)
        }
        #expect(error?.reason.contains("no progress is told by barts") ?? false)
        await core.close()
    }
}
