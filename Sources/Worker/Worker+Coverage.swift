package import CareRecord
package import Replication
package import Storage
import Topology

/// What this worker's index holds about one patient, and how complete that is.
package struct Lookup: Sendable {
    package let patient: NHSNumber
    package let entries: [IndexedEntry]
    package let coverage: [SourceCoverage]
}

extension Worker {
    /// Reads the local index and nothing else (promise P4).
    package func lookup(_ patient: NHSNumber) async throws(StorageError) -> Lookup {
        let (coverage, entries) = try await covered(patients: 1) { index throws(StorageError) in
            try await index.entries(of: patient)
        }
        return Lookup(patient: patient, entries: entries, coverage: coverage)
    }

    /// The patient's rows on the calling thread, as they are in the file, if the index is that of `era`. Returns
    /// `false` where that cannot be now: what `take` got is to be forgotten and ``lookup(_:)`` to be asked.
    package func rows(of patient: NHSNumber, inEra era: Int, _ take: (borrowing EntryRow) -> Bool) -> Bool {
        guard keeper.readNow({ $0.rows(of: patient, take) }), coverageBoard.era == era else { return false }
        counters.count { $0.lookups += 1 }
        return true
    }

    /// The patients that the local index knows and that fit, and how complete that is (promise P4).
    package func patients(
        _ query: PatientQuery
    ) async throws(StorageError) -> (page: PatientPage, coverage: [SourceCoverage]) {
        let (coverage, page) = try await covered(patients: 1) { index throws(StorageError) in
            try await index.patients(query)
        }
        return (page, coverage)
    }

    /// Asks those who hold something of the patient, or may, and tells `take` of everything as it comes: at the latest
    /// with the deadline each HIE of the topology has its answer (promises P3 and P5).
    ///
    /// Errors: `StorageError` where the index cannot be read or the access trail not be written; what `take` throws.
    package func query(_ query: Query, _ take: (QueryEvent) async throws -> Void) async throws {
        let begunAt = ContinuousClock.now
        try await queries.run(query, try await lookup(query.request.patient), begunAt: begunAt, take)
    }

    /// Every HIE of the topology, in its order (promise P3).
    package func coverage() -> [SourceCoverage] {
        let now = clock.now
        return topology.hies.map { hie in
            if let records, hie.id == seat.journal { return ownCoverage(records, now: now) }
            if hie.status == .planned { return Self.planned(hie.id) }
            return coverageBoard.coverage(
                of: hie.id, now: now, silentAfterMilliseconds: settings.silentAfterMilliseconds)
        }
    }

    /// Own changes come from the own journal: what is known of them is known now.
    private func ownCoverage(_ records: RecordStore, now: Timestamp) -> SourceCoverage {
        let head = records.head.head
        let progress = coverageBoard.progress(of: hie)
        let watermark = progress?.epoch == records.epoch ? progress?.applied.watermark ?? 0 : 0
        let known = coverageBoard.coverage(of: hie, now: now, silentAfterMilliseconds: Self.ownSilenceMilliseconds)
        return SourceCoverage(
            hie: hie, state: ownState(known.state, behind: head - watermark), asOf: watermark < head ? nil : now,
            watermark: watermark, head: head, held: known.held)
    }

    /// The own journal is never silent: it is asked now.
    private static let ownSilenceMilliseconds = Int64.max / 2

    private func ownState(_ known: CoverageState, behind: Int64) -> CoverageState {
        if behind > 0 { return .behind(changes: behind) }
        return switch known {
        case .differing, .held: known
        case .complete, .behind, .silent, .joining, .planned: .complete
        }
    }

    private static func planned(_ hie: HIEIdentifier) -> SourceCoverage {
        SourceCoverage(hie: hie, state: .planned, asOf: nil, watermark: 0, head: nil, held: 0)
    }
}

/// Whether a worker can do its duty.
package struct Readiness: Sendable {
    package enum State: String, Sendable {
        case ready
        /// It answers and accepts, but something needs an operator.
        case degraded
        /// It does not answer yet.
        case starting
        /// It answers for a moment yet, and stops.
        case stopping
    }

    /// Something that is not as it should be.
    package struct Reason: Sendable {
        /// Such as `broker nel` or `intake`.
        package let part: String
        package let state: String
        package let since: Timestamp
        package let reason: String
    }

    package let state: State
    package let reasons: [Reason]
}

extension Worker {
    /// A lookup and a submission need no broker, so a broker that is down degrades a worker and does not make it
    /// unready: its clinicians go on reading.
    package var readiness: Readiness {
        let brokers = brokers.all.filter { $0.state != .connected }.map {
            Readiness.Reason(
                part: "broker \($0.broker)", state: $0.state.rawValue, since: $0.since, reason: $0.reason ?? "")
        }
        let paused = pauses.all.map {
            Readiness.Reason(part: $0.part, state: "paused", since: $0.since, reason: $0.reason)
        }
        let reasons = brokers + paused
        if let leaving {
            let stop = Readiness.Reason(
                part: "worker", state: "stopping", since: leaving, reason: "it was told to stop")
            return Readiness(state: .stopping, reasons: [stop])
        }
        // A replica without an index knows as little of its own HIE, and hears of that journal by its pulse.
        let head = records?.head.head ?? coverageBoard.head(of: hie)
        if coverageBoard.progress(of: hie)?.epoch == nil, head != 0 {
            let own = Readiness.Reason(
                part: "index", state: "starting", since: startedAt,
                reason: "\(seat.journal == nil ? "changes of \(hie)" : "own changes") are not indexed yet")
            return Readiness(state: .starting, reasons: reasons + [own])
        }
        return Readiness(state: reasons.isEmpty ? .ready : .degraded, reasons: reasons)
    }
}
