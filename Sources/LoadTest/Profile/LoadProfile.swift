/// What a load test does to a mesh, and what it demands of it. `Topology/load/*.yaml` hold those that ship.
package struct LoadProfile: Sendable, Hashable {
    /// What is run.
    package enum Kind: String, Sendable, CaseIterable {
        /// A mesh of workers under an open-loop schedule.
        case mesh
        /// Changes that wait in one source's journal, until every subscriber has applied them all.
        case bulk
        /// One index that grows, beside bare SQLite of the same size.
        case growth
    }

    /// Changes at all HIEs together.
    package struct Changes: Sendable, Hashable {
        package var perSecond: Double
        /// Changes that travel in one request to a worker.
        package var batch = 1
        /// How many of a hundred changes make a record; the others update or delete one that this run made.
        package var createPercent = 60
        package var deletePercent = 5

        package init(perSecond: Double) { self.perSecond = perSecond }
    }

    package struct Queries: Sendable, Hashable {
        package var perSecond: Double
        package var deadlineMilliseconds: Int64 = 2000

        package init(perSecond: Double) { self.perSecond = perSecond }
    }

    /// Something that happens to the mesh while the load goes on.
    package struct Fault: Sendable, Hashable {
        package enum Kind: String, Sendable, CaseIterable {
            /// SIGSTOP, and SIGCONT when it ends.
            case pauseWorker = "pause-worker"
            /// SIGKILL, and a start on the same data when it ends.
            case killWorker = "kill-worker"
            case pauseBroker = "pause-broker"
            case killBroker = "kill-broker"
            /// Stopped politely, and started again when it ends.
            case restartBroker = "restart-broker"
            /// The broker takes no messages.
            case memoryAlarm = "memory-alarm"
            /// Stopped and continued again and again: it answers, but late.
            case slowWorker = "slow-worker"
        }

        package let kind: Kind
        /// An HIE, or `broker-1` and so on.
        package let target: String
        /// After the start of the load.
        package let atMilliseconds: Int64
        /// `nil`: it lasts to the end of the load, and ends before the mesh is checked.
        package let durationMilliseconds: Int64?

        package init(kind: Kind, target: String, atMilliseconds: Int64, durationMilliseconds: Int64?) {
            self.kind = kind
            self.target = target
            self.atMilliseconds = atMilliseconds
            self.durationMilliseconds = durationMilliseconds
        }
    }

    /// A bound on one figure of the result: `lookup.p99 <= 20 ms`, `ratio.http >= 0.6`.
    package struct Criterion: Sendable, Hashable {
        package enum Comparison: String, Sendable, CaseIterable {
            case atMost = "<="
            case atLeast = ">="
        }

        /// A figure's name, as ``LoadResult/figure(_:)`` reads it.
        package let figure: String
        package let comparison: Comparison
        package let bound: Double

        package init(figure: String, comparison: Comparison, bound: Double) {
            self.figure = figure
            self.comparison = comparison
            self.bound = bound
        }
    }

    /// What else is measured in the same run, with no part of Wherry's domain in it.
    package enum Baseline: String, Sendable, CaseIterable {
        /// A session that publishes with confirms and consumes messages of the same sizes.
        case amqp
        /// Upserts of the same rows.
        case sqlite
        /// A server that answers a constant of the same size.
        case http
    }

    /// The file's name without its ending: `london-day`.
    package var name: String
    package var kind = Kind.mesh
    /// A sentence for people.
    package var about: String
    package var seed: UInt64 = 1
    /// The workers that are started: the first so many connected HIEs of the topology.
    package var hies = 10
    /// Private brokers; the regions are spread over them.
    package var brokers = 1
    /// Patients whose records are loaded before the clock starts.
    package var patients = 1000
    package var warmUpMilliseconds: Int64 = 2000
    package var durationMilliseconds: Int64 = 30_000
    package var changes: Changes?
    package var lookupsPerSecond: Double?
    package var queries: Queries?
    /// Messages that no worker can apply, published to the broker as if by a source.
    package var badMessagesPerSecond: Double?
    /// For ``Kind/bulk``: how many changes wait.
    package var bulkChanges = 100_000
    /// For ``Kind/growth``: the sizes of the index, in entries, ascending.
    package var sizes: [Int] = []
    /// Of a worker's options that which bears on load: changes in one message at most; `nil` for its default.
    package var messageChangesMax: Int?
    package var faults: [Fault] = []
    package var criteria: [Criterion] = []
    package var baselines: Set<Baseline> = []

    package init(name: String, about: String) {
        self.name = name
        self.about = about
    }
}
