import CareRecord
import HTTPTypes
import Hummingbird
import Storage
import Worker

/// Where submissions are read, judged and stored, a few at a time: that is work for a core, and lookups need one too.
struct SubmissionDesk: Sendable {
    let worker: Worker
    let records: RecordStore
    let settings: GatewaySettings
    let histogram: LatencyHistogram
    private let gate: Gate

    init(worker: Worker, records: RecordStore, settings: GatewaySettings, histogram: LatencyHistogram) {
        self.worker = worker
        self.records = records
        self.settings = settings
        self.histogram = histogram
        gate = Gate(
            "submissions", places: settings.submissionsMax, waitingMax: settings.waitingMax,
            waitSecondsMax: settings.waitSecondsMax)
    }

    /// Runs `work` when it is its turn.
    func inTurn<Value: Sendable>(_ work: @Sendable () async throws -> Value) async throws -> Value {
        try await gate.pass {
            let startedAt = ContinuousClock.now
            defer { histogram.record(ContinuousClock.now - startedAt) }
            return try await work()
        }
    }

    /// How far the own journal reaches, for the sender of something stored just now: its changes have numbers up to
    /// this.
    var journalHead: HTTPFields { [Self.journalHeadName: "\(records.head.head)"] }

    private static let journalHeadName = HTTPField.Name("Wherry-Journal-Head")!  // a constant that is a token

    /// Stores what may be stored of the items; throws when the store cannot.
    func store(_ items: [Submission.Item]) async throws(StorageError) -> [StoredItem] {
        let operations = items.compactMap(\.operation)
        let failedCount = items.count - operations.count
        if failedCount > 0 { worker.counters.count { $0.resourcesRefused += Int64(failedCount) } }
        let outcomes = operations.isEmpty ? [] : try await worker.submit(operations)
        let unlinked = try await records.unlinked(among: operations.compactMap(\.indexedKey))
        var rest = outcomes[...]
        return items.map { item in
            guard let operation = item.operation else { return StoredItem(item, nil, isUnlinked: false) }
            return StoredItem(item, rest.popFirst(), isUnlinked: unlinked.contains(operation.key))
        }
    }

    /// Notes that a submission was refused as a whole.
    func countRefused(_ submission: Submission) {
        worker.counters.count { $0.resourcesRefused += Int64(max(1, submission.items.count)) }
    }
}

extension SubmissionCounts {
    init(_ items: [StoredItem]) {
        self.init()
        for item in items { count(item) }
    }

    mutating func count(_ item: StoredItem) {
        switch item.fate {
        case .failed: failed += 1
        case .stored(_, let outcome): count(outcome)
        }
        if item.isUnlinked { unlinked += 1 }
    }
}

extension Submission.Operation {
    /// The key of a resource that belongs into a patient's index; `nil` for other types and for deletions.
    fileprivate var indexedKey: ResourceKey? {
        switch self {
        case .put(let resource): resource.facts == nil ? nil : resource.key
        case .delete: nil
        }
    }
}
