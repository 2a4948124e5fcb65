import Foundation
import NIOConcurrencyHelpers

/// A process of its own, started with `posix_spawn`: Foundation's `Process` crashes now and then in a process with as
/// many threads and descriptors as a test run has.
///
/// It inherits nothing but its three standard descriptors. Its owner sees to its end.
package final class ChildProcess: Sendable {
    /// Where its standard input comes from.
    package enum Input: Sendable {
        case file(String)
        /// Stays open here.
        case descriptor(Int32)
    }

    /// Who is told of a signal from the terminal.
    package enum Group: Sendable {
        /// As its owner: what is typed there reaches both.
        case inherited
        /// Its own: only its owner ends it.
        case own
    }

    private struct State {
        var status: Int32?
        var waiters: [Int: CheckedContinuation<Int32?, Never>] = [:]
        var waitersEver = 0
    }

    package let pid: Int32
    private let state = NIOLockedValueBox(State())

    /// Output is appended to files, which are made where they are missing. `environment` is added to this process's
    /// own.
    package init(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], directory: String? = nil,
        group: Group = .inherited, input: Input = .file("/dev/null"), output: String = "/dev/null",
        errors: String = "/dev/null"
    ) throws(LoadTestError) {
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0.key)=\($0.value)" }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        switch input {
        case .file(let path): posix_spawn_file_actions_addopen(&actions, 0, path, O_RDONLY, 0)
        case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, 0)
        }
        for (descriptor, path) in [(Int32(1), output), (2, errors)] {
            posix_spawn_file_actions_addopen(&actions, descriptor, path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        }
        guard let closeFrom = Self.closeFrom, let changeDirectory = Self.changeDirectory else {
            throw LoadTestError(.process, "glibc 2.34 or later is needed")
        }
        _ = closeFrom(&actions, 3)
        if let directory { _ = changeDirectory(&actions, directory) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let groupFlag =
            switch group {
            case .inherited: Int32(0)
            case .own: Int32(POSIX_SPAWN_SETPGROUP)
            }
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | groupFlag))
        var pid = pid_t()
        let code = withCStrings([path] + arguments) { arguments in
            withCStrings(variables) { posix_spawn(&pid, path, &actions, &attributes, arguments, $0) }
        }
        guard code == 0 else {
            throw LoadTestError(.process, "\(path) cannot be started: \(String(cString: strerror(code)))")
        }
        self.pid = pid
        Thread.detachNewThread { self.reap() }
    }

    private typealias Actions = UnsafeMutablePointer<posix_spawn_file_actions_t>

    // glibc's own, which the headers hide from Swift.
    private static let closeFrom = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
        unsafeBitCast($0, to: (@convention(c) (Actions, Int32) -> Int32).self)
    }
    private static let changeDirectory = dlsym(nil, "posix_spawn_file_actions_addchdir_np").map {
        unsafeBitCast($0, to: (@convention(c) (Actions, UnsafePointer<CChar>) -> Int32).self)
    }

    package var isRunning: Bool { state.withLockedValue { $0.status == nil } }

    /// Its exit status, or the number of the signal that ended it; `nil` while it runs.
    package var status: Int32? { state.withLockedValue { $0.status } }

    /// A process that has ended is not signalled: its number may be a stranger's.
    package func signal(_ number: Int32) {
        state.withLockedValue { state in
            if state.status == nil { kill(pid, number) }
        }
    }

    /// Waits for the end; returns the status.
    @discardableResult
    package func ended() async -> Int32 { await ended(within: nil) ?? -1 }

    /// Waits for the end, whether the caller's task is cancelled or not; `nil` where it did not end in time.
    package func ended(within seconds: Double) async -> Int32? { await ended(within: .some(seconds)) }

    private func ended(within seconds: Double?) async -> Int32? {
        await withCheckedContinuation { continuation in
            let (status, waiter) = state.withLockedValue { state -> (Int32?, Int) in
                state.waitersEver += 1
                if state.status == nil { state.waiters[state.waitersEver] = continuation }
                return (state.status, state.waitersEver)
            }
            if let status { return continuation.resume(returning: status) }
            guard let seconds else { return }
            DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak self] in
                self?.state.withLockedValue { $0.waiters.removeValue(forKey: waiter) }?.resume(returning: nil)
            }
        }
    }

    private func reap() {
        var info = siginfo_t()
        // The process stays a zombie, and its number its own, until the lock is held.
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0 {
            guard errno == EINTR else { break }
        }
        let (status, waiters) = state.withLockedValue { state in
            var word: Int32 = 0
            waitpid(pid, &word, 0)
            let status = word & 0x7F == 0 ? word >> 8 & 0xFF : word & 0x7F
            state.status = status
            defer { state.waiters = [:] }
            return (status, state.waiters)
        }
        for waiter in waiters.values { waiter.resume(returning: status) }
    }
}

/// A null-terminated array of C strings for the duration of `body`.
private func withCStrings<Value>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value
) -> Value {
    let pointers = texts.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}
