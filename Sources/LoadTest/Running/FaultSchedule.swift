import NIOConcurrencyHelpers

/// Carries out a profile's faults at their times, tells the driver of them, and times how long the mesh takes to
/// recover from each.
final class FaultSchedule: Sendable {
    /// After the load has ended.
    static let recoverySecondsMax: Double = 120
    private static let recoveryPollInterval = Duration.milliseconds(20)
    /// A slow worker stands still for so long, and then goes on for a while.
    private static let slowPause = Duration.milliseconds(300)
    private static let slowRun = Duration.milliseconds(100)

    private let faults: [LoadProfile.Fault]
    private let load: Duration
    private let mesh: LoadMesh
    private let driver: LoadDriver
    /// By number of the fault, as far as they have begun.
    private let begun = NIOLockedValueBox<[Int: LoadResult.FaultResult]>([:])

    init(_ profile: LoadProfile, mesh: LoadMesh, driver: LoadDriver) {
        faults = profile.faults
        load = .milliseconds(profile.durationMilliseconds)
        self.mesh = mesh
        self.driver = driver
    }

    /// Those that have begun, in the order of the profile. One that goes on shows when it is to end.
    var results: [LoadResult.FaultResult] {
        begun.withLockedValue { begun in begun.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// `start` is when the load begins. Returns when the mesh has recovered from every fault, or too late.
    func run(from start: ContinuousClock.Instant) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in faults.indices {
                group.addTask { try await self.carryOut(index, from: start) }
            }
            try await group.waitForAll()
        }
    }

    private func carryOut(_ index: Int, from start: ContinuousClock.Instant) async throws {
        let fault = faults[index]
        let end = min(load, .milliseconds(fault.atMilliseconds + (fault.durationMilliseconds ?? .max / 2)))
        try await Task.sleep(until: start + .milliseconds(fault.atMilliseconds), clock: .continuous)
        let result = LoadResult.FaultResult(
            kind: fault.kind.rawValue, target: fault.target, from: Self.seconds(since: start),
            until: end / .seconds(1), recoveredAfterSeconds: nil)
        begun.withLockedValue { $0[index] = result }
        driver.faultBegan(fault)
        try await naming("begun", fault) { try await mesh.begin(fault) }
        try await hold(fault, until: start + end)
        let endedAt = ContinuousClock.now
        let heads = driver.heads()
        begun.withLockedValue { $0[index]?.until = Self.seconds(since: start) }
        let moved = try await naming("ended", fault) { try await mesh.end(fault) }
        if let moved { driver.moved(moved.hie, to: moved) }
        driver.faultEnded(fault)
        let deadline = start + load + .seconds(Self.recoverySecondsMax)
        while !driver.haveReached(heads) {
            guard ContinuousClock.now < deadline else { return }
            try await Task.sleep(for: Self.recoveryPollInterval)
        }
        let seconds = (ContinuousClock.now - endedAt) / .seconds(1)
        begun.withLockedValue { $0[index]?.recoveredAfterSeconds = seconds }
    }

    /// What goes on while the fault lasts.
    private func hold(_ fault: LoadProfile.Fault, until end: ContinuousClock.Instant) async throws {
        switch fault.kind {
        case .pauseWorker, .killWorker, .pauseBroker, .killBroker, .restartBroker, .memoryAlarm: break
        case .slowWorker:
            while true {
                try await Task.sleep(until: min(end, .now + Self.slowPause), clock: .continuous)
                guard ContinuousClock.now < end else { return }
                try await mesh.release(fault)
                try await Task.sleep(until: min(end, .now + Self.slowRun), clock: .continuous)
                guard ContinuousClock.now < end else { return }
                try await mesh.hold(fault)
            }
        }
        try await Task.sleep(until: end, clock: .continuous)
    }

    private func naming<Value: Sendable>(
        _ what: String, _ fault: LoadProfile.Fault, _ act: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await act()
        } catch let error as LoadTestError {
            throw LoadTestError(
                error.code, "the fault \(fault.kind.rawValue) of \(fault.target) could not be \(what): \(error.reason)",
                cause: error)
        }
    }

    private static func seconds(since start: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - start) / .seconds(1)
    }
}
