package import CareRecord
package import Replication
package import Topology

/// Everything one worker is told at its start. Defaults are those of the mesh; tests shorten them.
package struct WorkerSettings: Sendable {
    /// The one to start with: ``Worker/topology`` is the one in force.
    package var topology: Topology
    /// Where it came from, to be looked at while the worker runs; `nil` where it cannot change.
    package var topologyFile: String?
    package var topologyIntervalMilliseconds: Int64 = 2000
    /// A changed file counts when it stays the same for this long.
    package var topologySettleMilliseconds: Int64 = 200
    /// How often the TLS files are looked at; they count once two looks find the same.
    package var keysIntervalMilliseconds: Int64 = 2000
    package var hie: HIEIdentifier
    /// Which read replica of the HIE this is; `nil` for its primary.
    package var replica: ReplicaName?
    package var dataDirectory: String
    /// One broker for every region, instead of those of the topology.
    package var brokerURL: String?
    package var access = BrokerAccess()
    package var outbox = OutboxMachine.Limits()
    package var pulseIntervalMilliseconds: Int64 = 2000
    /// A source is silent when no pulse of it was received for this long.
    package var silentAfterMilliseconds: Int64 = 7000
    /// Deliveries without an acknowledgement on one connection; with `outbox.batchBytesMax` it bounds the intake's
    /// memory.
    package var prefetchCountMax: UInt16 = 256
    /// Changes that the intake writes in one transaction; a single message may hold more.
    package var intakeChangesMax = 5000
    /// A hole in a source's changes that has lasted this long is asked for.
    package var repairHoleAgeMilliseconds: Int64 = 2000
    /// A question without an answer after this long is asked again later.
    package var answerTimeoutMilliseconds: Int64 = 10_000
    /// What one answer may hold; a single larger change makes an answer of its own.
    package var answerBytesMax = 524_288
    package var answerChangesMax = 5000
    /// Questions from others that are held at the same time.
    package var questionsPrefetchMax: UInt16 = 64
    /// How many questions for records are answered at the same time.
    package var recordAnswers = AnswerQueueLimits(runningMax: 8, runningPerAskerMax: 4, waitingPerAskerMax: 32)
    /// What a page of a record may hold; a single larger resource makes a page of its own.
    package var recordPageBytesMax = 262_144
    /// A larger resource is left out of an answer, which says so.
    package var recordResourceBytesMax = 4 << 20
    /// What this worker takes of the answers to one query. A fair time is that after which an answer is slow.
    package var gathering = Gathering.Limits()
    /// The same for all its queries together.
    package var queryBytesMax = 256 << 20
    /// When a peer is left alone for a while.
    package var breaker = CircuitBreaker.Settings()
    /// When a broker is told to be slow.
    package var slowness = Slowness()
    /// How often the rows of the index are counted against its digests.
    package var auditIntervalSeconds: Int64 = 900
    /// How long a stop waits for what is under way.
    package var stopTimeoutSeconds = 5

    package var seat: Seat { Seat(hie, replica: replica) }

    /// Own changes that are indexed in one transaction.
    var ownChanges: PageLimits { PageLimits(changesMax: intakeChangesMax, bytesMax: answerBytesMax) }

    package init(topology: Topology, hie: HIEIdentifier, dataDirectory: String, brokerURL: String? = nil) {
        self.topology = topology
        self.hie = hie
        self.dataDirectory = dataDirectory
        self.brokerURL = brokerURL
    }
}
