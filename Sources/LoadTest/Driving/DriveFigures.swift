import CareRecord

/// What a driver counts and times.
struct DriveFigures: Sendable {
    enum Stream: String, CaseIterable, Sendable {
        case changes, lookups, queries, badMessages
    }

    /// Events of the measured time.
    struct Tally: Sendable {
        /// That the schedule wanted.
        var wanted = 0
        /// That ended well.
        var done = 0
        /// Of these, before the schedule ended.
        var inTime = 0
        var failed = 0
        /// Not sent, or not answered, because a fault had stopped the worker.
        var skipped = 0
        /// Not sent for any other reason.
        var unsent = 0
        /// That ended well in the current second.
        var recent = 0

        mutating func succeeded(_ count: Int = 1, inTime isInTime: Bool) {
            done += count
            recent += count
            if isInTime { inTime += count }
        }
    }

    struct Worker: Sendable {
        var acknowledged = 0
        var lookups = 0
        var errors = 0
        var applied = RestartingCount()
        var redelivered = RestartingCount()
        var parked = RestartingCount()
        var blockedSeconds = 0.0
        var confirms = WorkerBuckets()
        var lookup = LatencyRecorder()
        var replication = LatencyRecorder()
    }

    var schedule = LatencyRecorder()
    var accept = LatencyRecorder()
    var replication = LatencyRecorder()
    var lookup = LatencyRecorder()
    var query = LatencyRecorder()
    var changes = Tally()
    var lookups = Tally()
    var queries = Tally()
    var badMessages = Tally()
    var workers: [Worker]
    /// Changes that the schedule wanted, those of the warm-up included.
    var attempted = 0
    /// Pairs of a change and a subscriber.
    var applied = Tally()
    var errors = 0
    var errorsRecently = 0
    var wrongCoverage = 0
    /// What failed, each kind in the words of its first.
    var failures: [String: Int] = [:]
    var samples: [LoadSample] = []
    var measuredSeconds = 0.0
    var verification: Verification.Tally?
    var remarks: [String] = []
    /// Remarks that fail the run.
    var faults: [String] = []

    private static let failuresMax = 20

    init(workers count: Int) { workers = Array(repeating: Worker(), count: count) }

    mutating func countError(_ what: String, at worker: Int?) {
        errors += 1
        errorsRecently += 1
        if let worker { workers[worker].errors += 1 }
        if failures[what] != nil || failures.count < Self.failuresMax { failures[what, default: 0] += 1 }
    }
}
