/// What a load test found: the stable form of `wherry load run --json` (Docs/json.md). Members may be added.
package struct LoadResult: Codable, Sendable, Equatable {
    package static let currentFormat = 1

    package var format = Self.currentFormat
    package var profile: String
    package var about: String
    /// ISO 8601, UTC.
    package var startedAt: String
    /// Of the load itself, without preparation and check.
    package var durationSeconds: Double
    package var passed: Bool
    /// Why it did not pass, in sentences; and what limits the figures.
    package var remarks: [String] = []
    package var criteria: [CriterionResult] = []
    package var accounting = Accounting()
    /// By stream: `changes`, `lookups`, `queries`, `badMessages`, `applied` (at all subscribers together), `bulk`.
    package var rates: [String: Rate] = [:]
    /// By clock: see ``Clock``.
    package var latencies: [String: Latency] = [:]
    package var ratios: [Ratio] = []
    package var environment: LoadEnvironment
    package var faults: [FaultResult] = []
    package var processes: [ProcessResult] = []
    package var peers: [PeerResult] = []
    package var samples: [LoadSample] = []
    /// For a growing index.
    package var growth: [GrowthResult] = []

    package init(profile: LoadProfile, startedAt: String, environment: LoadEnvironment) {
        self.profile = profile.name
        about = profile.about
        self.startedAt = startedAt
        durationSeconds = 0
        passed = false
        self.environment = environment
    }
}

extension LoadResult {
    /// What is timed. All times are read from one clock, that of the load generator.
    package enum Clock: String, Codable, Sendable, CaseIterable {
        /// Intended send to the moment at which the generator took it up: the generator's own lateness.
        case schedule
        /// A submission, until it was accepted durably.
        case accept
        /// A message published, until the broker confirmed it; measured by the workers.
        case confirm
        /// A change, from its commit at the source until it is applied at a subscriber, every pair counted.
        case replication
        case lookup
        case query
    }

    /// Jepsen's terms, counted in changes.
    package struct Accounting: Codable, Sendable, Equatable {
        /// Changes that the schedule wanted.
        package var attempted = 0
        /// Of these, changes that a worker accepted.
        package var acknowledged = 0
        /// Neither accepted nor refused for certain: either outcome is right.
        package var unknown = 0
        /// Records that were looked for at every subscriber, and found as they have to be.
        package var applied = 0
        /// Missing at some subscriber although accepted.
        package var lost = 0
        /// There twice.
        package var duplicated = 0
        /// There in an older version, or although deleted.
        package var stale = 0
        /// Messages parked by workers.
        package var held = 0
        /// Requests that failed, of any kind.
        package var errors = 0
        /// Lookups whose coverage left an HIE out or claimed what cannot be.
        package var wrongCoverage = 0

        package init() {}
    }

    package struct Rate: Codable, Sendable, Equatable {
        /// Per second; `nil` where it goes as fast as it can.
        package var intended: Double?
        package var achieved: Double
        package var count: Int

        package init(intended: Double?, achieved: Double, count: Int) {
            self.intended = intended
            self.achieved = achieved
            self.count = count
        }
    }

    /// Two readings of the same events.
    package struct Latency: Codable, Sendable, Equatable {
        /// From the intended send.
        package var corrected: Percentiles
        /// From the actual send: what a closed loop would have told.
        package var uncorrected: Percentiles
        /// Recorded values of the corrected reading in microseconds, ascending, each with its count.
        package var recorded: [Bucket] = []
        /// The same of the uncorrected reading; may be left empty.
        package var recordedUncorrected: [Bucket] = []

        package init(
            corrected: Percentiles, uncorrected: Percentiles, recorded: [Bucket] = [],
            recordedUncorrected: [Bucket] = []
        ) {
            self.corrected = corrected
            self.uncorrected = uncorrected
            self.recorded = recorded
            self.recordedUncorrected = recordedUncorrected
        }
    }

    package struct Bucket: Codable, Sendable, Equatable {
        package var microseconds: UInt64
        package var count: UInt64

        package init(microseconds: UInt64, count: UInt64) {
            self.microseconds = microseconds
            self.count = count
        }
    }

    /// In milliseconds.
    package struct Percentiles: Codable, Sendable, Equatable {
        package var count = 0
        package var p50 = 0.0
        package var p90 = 0.0
        package var p99 = 0.0
        package var p999 = 0.0
        package var p9999 = 0.0
        package var max = 0.0
        package var mean = 0.0

        package init() {}
    }

    /// A figure over its baseline of the same run.
    package struct Ratio: Codable, Sendable, Equatable {
        /// `http`, `sqlite`, `amqp`, `index-writes`, `lookups-in-process`.
        package var name: String
        /// What is compared with what, in words.
        package var about: String
        package var measured: Double
        package var baseline: Double
        package var unit: String
        package var value: Double

        package init(name: String, about: String, measured: Double, baseline: Double, unit: String) {
            self.name = name
            self.about = about
            self.measured = measured
            self.baseline = baseline
            self.unit = unit
            value = baseline > 0 ? measured / baseline : 0
        }
    }

    package struct CriterionResult: Codable, Sendable, Equatable {
        package var figure: String
        /// `<=` or `>=`.
        package var comparison: String
        package var bound: Double
        /// `nil` where the run has no such figure, which fails it.
        package var measured: Double?
        package var passed: Bool

        package init(_ criterion: LoadProfile.Criterion, measured: Double?, passed: Bool) {
            figure = criterion.figure
            comparison = criterion.comparison.rawValue
            bound = criterion.bound
            self.measured = measured
            self.passed = passed
        }
    }

    package struct FaultResult: Codable, Sendable, Equatable {
        package var kind: String
        package var target: String
        /// Seconds from the start of the load.
        package var from: Double
        package var until: Double
        /// From its end until every worker had caught up with what there was then; `nil` if that did not happen.
        package var recoveredAfterSeconds: Double?

        package init(kind: String, target: String, from: Double, until: Double, recoveredAfterSeconds: Double?) {
            self.kind = kind
            self.target = target
            self.from = from
            self.until = until
            self.recoveredAfterSeconds = recoveredAfterSeconds
        }
    }

    /// A worker, a broker or the generator, as the operating system counts it during the load.
    package struct ProcessResult: Codable, Sendable, Equatable {
        /// `worker barts`, `broker-1`, `generator`.
        package var name: String
        package var cpuSeconds: Double
        package var residentMebibytesMax: Double
        /// What it had written to disk; `nil` where the system does not say.
        package var writtenMebibytes: Double?

        package init(name: String, cpuSeconds: Double, residentMebibytesMax: Double, writtenMebibytes: Double?) {
            self.name = name
            self.cpuSeconds = cpuSeconds
            self.residentMebibytesMax = residentMebibytesMax
            self.writtenMebibytes = writtenMebibytes
        }
    }

    /// One HIE's worker at the end of the load.
    package struct PeerResult: Codable, Sendable, Equatable {
        package var hie: String
        package var acknowledged: Int
        package var lookups: Int
        package var errors: Int
        /// Changes of all sources that changed its index.
        package var applied: Int
        package var redelivered: Int
        package var held: Int
        /// Time during which its broker took nothing.
        package var blockedSeconds: Double
        package var lookupP99: Double?
        package var replicationP99: Double?

        package init(hie: String) {
            self.hie = hie
            acknowledged = 0
            lookups = 0
            errors = 0
            applied = 0
            redelivered = 0
            held = 0
            blockedSeconds = 0
        }
    }

    package struct GrowthResult: Codable, Sendable, Equatable {
        package var entries: Int
        /// Entries put that were not there, the last ones up to that size.
        package var writesPerSecond: Double
        package var bareWritesPerSecond: Double
        /// Entries of that size put anew, any of them.
        package var updatesPerSecond: Double
        package var bareUpdatesPerSecond: Double
        /// Milliseconds, over HTTP.
        package var lookupP50: Double
        package var lookupP99: Double
        /// Milliseconds, in process, beside a prepared SELECT of the same rows.
        package var readP99: Double
        package var bareReadP99: Double
        package var bytesPerEntry: Double
        package var residentMebibytes: Double

        package init(entries: Int) {
            self.entries = entries
            writesPerSecond = 0
            bareWritesPerSecond = 0
            updatesPerSecond = 0
            bareUpdatesPerSecond = 0
            lookupP50 = 0
            lookupP99 = 0
            readP99 = 0
            bareReadP99 = 0
            bytesPerEntry = 0
            residentMebibytes = 0
        }
    }
}

/// One second of a load test.
package struct LoadSample: Codable, Sendable, Equatable {
    /// Seconds from the start of the load to the end of this one.
    package var at: Double
    /// Per second, in this second, by stream as in ``LoadResult/rates``.
    package var rates: [String: Double]
    /// Milliseconds, corrected, of what ended in this second, by clock.
    package var p50: [String: Double]
    package var p99: [String: Double]
    /// Changes committed and not applied yet, by subscriber.
    package var backlog: [String: Int]
    /// What each worker says of each peer that is not `complete`: `barts: homerton silent`.
    package var peers: [String]
    package var errors: Int

    package init(at: Double) {
        self.at = at
        rates = [:]
        p50 = [:]
        p99 = [:]
        backlog = [:]
        peers = []
        errors = 0
    }
}

/// Where a load test ran, as far as it bears on its figures.
package struct LoadEnvironment: Codable, Sendable, Equatable {
    /// `wherry`, `rabbitmq`, `erlang`, `sqlite`, `librabbitmq`, `kernel`, `swift`.
    package var versions: [String: String]
    package var cores: Int
    package var memoryMebibytes: Int
    /// Queues of changes, in words: `quorum, one a subscriber`.
    package var queueType: String
    /// What an acknowledgement means, in words.
    package var durability: String
    /// The source tree's commit, with `+` where it differs from it; `nil` outside one.
    package var commit: String?
    package var seed: UInt64
    package var hies: Int
    package var brokers: Int

    package init(
        versions: [String: String], cores: Int, memoryMebibytes: Int, queueType: String, durability: String,
        commit: String?, seed: UInt64, hies: Int, brokers: Int
    ) {
        self.versions = versions
        self.cores = cores
        self.memoryMebibytes = memoryMebibytes
        self.queueType = queueType
        self.durability = durability
        self.commit = commit
        self.seed = seed
        self.hies = hies
        self.brokers = brokers
    }
}
