import Foundation
import TestSupport
import Testing

@testable import LoadTest

@Suite("Processes of its own")
struct ChildProcessTests {
    @Test("waiting for an end has a limit, and the end is told to everyone who waits")
    func waiting() async throws {
        let process = try ChildProcess("/bin/sh", ["-c", "read -r _"], input: .descriptor(open()))
        #expect(await process.ended(within: 0.05) == nil && process.isRunning)
        async let first = process.ended()
        async let second = process.ended(within: 60)
        process.signal(SIGTERM)
        #expect(await first == SIGTERM)
        #expect(await second == SIGTERM)
        #expect(await process.ended(within: 0) == SIGTERM)
    }

    @Test("a wait goes on in a task that is cancelled")
    func cancelled() async throws {
        let process = try ChildProcess("/bin/sh", ["-c", "read -r _"], input: .descriptor(open()))
        let wait = Task { await process.ended(within: 60) }
        wait.cancel()
        process.signal(SIGKILL)
        #expect(await wait.value == SIGKILL)
    }

    @Test("a process of a group of its own leads it; another is in its owner's")
    func groups() async throws {
        let own = try ChildProcess("/bin/sh", ["-c", "read -r _"], group: .own, input: .descriptor(open()))
        let inherited = try ChildProcess("/bin/sh", ["-c", "read -r _"], input: .descriptor(open()))
        #expect(getpgid(own.pid) == own.pid && getpgid(inherited.pid) == getpgrp())
        for process in [own, inherited] {
            process.signal(SIGKILL)
            await process.ended()
        }
    }

    @Test("what cannot be started says which file and why")
    func missing() {
        #expect {
            try ChildProcess("/nowhere/nothing", [])
        } throws: {
            ($0 as? LoadTestError)?.description == "/nowhere/nothing cannot be started: No such file or directory"
        }
    }

    @Test("a command's output comes back; one that fails brings its errors, one that goes on is killed")
    func commands() async throws {
        #expect(try await Subprocess.run("/bin/echo", ["a", "b"]) == "a b\n")
        await #expect {
            try await Subprocess.run("/bin/sh", ["-c", "echo because >&2; exit 3"])
        } throws: {
            ($0 as? LoadTestError)?.reason.hasSuffix("status 3: because\n") == true
        }
        await #expect {
            try await Subprocess.run("/bin/sleep", ["600"], secondsMax: 0.1)
        } throws: {
            ($0 as? LoadTestError)?.reason.contains("did not end within") == true
        }
    }

    /// The end of a pipe that says nothing and never ends, for a process that is to wait.
    private func open() -> Int32 { Self.silence.fileHandleForReading.fileDescriptor }
    private static let silence = Pipe()
}
