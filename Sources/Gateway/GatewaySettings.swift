package import CareRecord

/// What a gateway accepts and for how long it waits. The defaults suit a machine of two cores.
package struct GatewaySettings: Sendable {
    /// A larger JSON body is refused; NDJSON has no limit as a whole.
    package var bodyBytesMax = 64 << 20
    /// Of dead letters that are taken in.
    package var importBytesMax = 64 << 20
    /// So much of a body that is refused is read and dropped, so that its sender reads the answer and not a reset.
    package var drainBytesMax = 256 << 20
    /// A JSON body has to arrive whole within this.
    package var bodySecondsMax = 120
    /// Bodies above this take one of ``largeBodiesMax`` places while they are in memory.
    package var largeBodyBytes = 1 << 20
    package var largeBodiesMax = 4
    /// NDJSON streams that are read at once.
    package var streamsMax = 8
    /// Submissions that are parsed and stored at once; one core less than there are, so that lookups always find one.
    package var submissionsMax = max(1, ProcessFigures.coreCount - 1)
    /// Requests that wait for a place, and for how long: beyond that they are told to come back.
    package var waitingMax = 64
    package var waitSecondsMax = 30
    /// Queries of peers that run at once.
    package var queriesMax = 64
    /// Resources of a stream that are stored in one transaction.
    package var streamBatchMax = 500
    /// A list of referrals with more rows is to be sent in parts.
    package var safetyNetRowsMax = 5000
    package var safetyNetBytesMax = 4 << 20
    /// Lists that are judged at once.
    package var safetyNetsMax = max(1, ProcessFigures.coreCount - 1)
    package var connectionsMax = 1024
    package var idleSecondsMax = 60
    /// A connection whose reader takes nothing of what waits for it ends after this.
    package var stalledSecondsMax = 30
    /// All header fields of a request together.
    package var headerBytesMax = 32 << 10
    package var fhir = FHIRLimits()

    package init() {}
}
