import Foundation

/// Reads what the processes of a run use, once a second.
actor ProcessWatch {
    private static let interval = Duration.seconds(1)

    private let mesh: LoadMesh?
    private var tally = ProcessTally()

    /// Without a mesh the generator alone is watched.
    init(_ mesh: LoadMesh?) { self.mesh = mesh }

    /// The first call is where everything is counted from.
    func look() async {
        let others = await mesh?.processes() ?? []
        for (name, pid) in others + [(name: "generator", pid: getpid())] {
            if let reading = ProcessReading(pid: pid) { tally.take(name, reading) }
        }
    }

    /// Until it is cancelled.
    func run(from start: ContinuousClock.Instant) async throws {
        var next = start
        while true {
            try await Task.sleep(until: next, clock: .continuous)
            await look()
            next += Self.interval
        }
    }

    var results: [LoadResult.ProcessResult] { tally.results }
}
