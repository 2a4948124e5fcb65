import NIOConcurrencyHelpers

/// The load itself: the driver's schedule, the faults, and what the processes use meanwhile.
final class LoadPhase: Sendable {
    private let profile: LoadProfile
    private let driver: LoadDriver
    private let schedule: FaultSchedule?
    private let watch: ProcessWatch
    private let onStage: @Sendable (LoadRun.Stage) -> Void
    private let times = NIOLockedValueBox<(start: ContinuousClock.Instant?, end: ContinuousClock.Instant?)>((nil, nil))

    /// Without a mesh of its own there are no faults, and only the generator's use is known.
    init(
        _ profile: LoadProfile, driver: LoadDriver, mesh: LoadMesh?,
        onStage: @escaping @Sendable (LoadRun.Stage) -> Void
    ) {
        self.profile = profile
        self.driver = driver
        self.onStage = onStage
        schedule = mesh.map { FaultSchedule(profile, mesh: $0, driver: driver) }
        watch = ProcessWatch(mesh)
    }

    var faults: [LoadResult.FaultResult] { schedule?.results ?? [] }
    var processes: [LoadResult.ProcessResult] { get async { await watch.results } }

    /// Of load, without its warm-up.
    var secondsSoFar: Double {
        let (start, end) = times.withLockedValue { $0 }
        guard let start else { return 0 }
        return max(0, ((end ?? .now) - start) / .seconds(1))
    }

    private enum Part {
        case load
        case faults
    }

    /// Returns when the load is over and the mesh has recovered from its faults, or was watched for long enough.
    func run() async throws {
        onStage(.warmingUp)
        let start = ContinuousClock.now + .milliseconds(profile.warmUpMilliseconds)
        times.withLockedValue { $0.start = start }
        defer { times.withLockedValue { $0.end = $0.end ?? .now } }
        try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask {
                try await self.driver.run { self.onStage(.sample($0, faults: self.faults)) }
                return .load
            }
            group.addTask {
                try await self.schedule?.run(from: start)
                return .faults
            }
            let watching = Task { try await self.watch.run(from: start) }  // ends with the load, before the faults do
            defer { watching.cancel() }
            for try await part in group {
                switch part {
                case .load:
                    times.withLockedValue { $0.end = .now }
                    watching.cancel()
                    await watch.look()
                    onStage(.recovering)
                case .faults: break
                }
            }
        }
    }
}
