import CareRecord
import Logging
import Storage

/// Writes the access trail. Events that come while others are being written share the next commit.
actor AccessTrail {
    private enum Turn {
        case written(Result<Void, StorageError>)
        /// To write what waits.
        case lead
    }

    /// Refusals of the same kind that are so close together are one.
    private static let refusalsApartMilliseconds: Int64 = 10_000
    private static let refusalsRememberedMax = 64

    private let store: AuditStore
    private let clock: WallClock
    private let logger: Logger
    private var isWriting = false
    /// Those who wait for their event to be written: as many as there are readers of records.
    private var waiting: [(event: AccessEvent, continuation: CheckedContinuation<Turn, Never>)] = []
    private var refusals: [String: Timestamp] = [:]

    init(store: AuditStore, clock: WallClock, logger: Logger) {
        self.store = store
        self.clock = clock
        self.logger = logger
    }

    /// Returns once the event is on the disk.
    func note(_ event: AccessEvent) async throws(StorageError) {
        if isWriting {
            switch await withCheckedContinuation({ waiting.append((event, $0)) }) {
            case .written(let outcome): return try outcome.get()
            case .lead: break
            }
        }
        isWriting = true
        let others = waiting
        waiting = []
        let outcome: Result<Void, StorageError>
        do throws(StorageError) {
            try await store.append([event] + others.map(\.event), now: clock.now)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        for other in others { other.continuation.resume(returning: .written(outcome)) }
        if waiting.isEmpty {
            isWriting = false
        } else {
            waiting.removeFirst().continuation.resume(returning: .lead)
        }
        try outcome.get()
    }

    /// Notes what has to be looked into. Where it cannot be written, the log has it.
    func incident(_ event: AccessEvent) async {
        do throws(StorageError) {
            try await note(event)
        } catch {
            logger.error(
                "incident.unwritten",
                metadata: ["incident.kind": "\(event.kind.rawValue)", "reason": "\(error.description)"])
        }
    }

    /// Notes a question that was refused, unless its like was a moment ago: nobody fills the disk with questions.
    func refusal(_ detail: String, of hie: HIEIdentifier?) async {
        let now = clock.now
        refusals = refusals.filter { !now.isPast($0.value, byMilliseconds: Self.refusalsApartMilliseconds) }
        let key = "\(hie?.text ?? "") \(detail)"
        guard refusals[key] == nil, refusals.count < Self.refusalsRememberedMax else { return }
        refusals[key] = now
        await incident(AccessEvent(.questionRefused, hie: hie, detail: detail))
    }
}
