/// What was asked of every record that a load test makes, and what therefore has to stand. Pure.
///
/// Jepsen's accounting: a change that was acknowledged has to show, one that was refused must not, and of one whose
/// outcome is unknown either is right, at any time after it was sent. HIEs are numbers here, from 0; a record is one
/// of its source's, by the number in its id. No two changes of a record are under way at once: who drives sees to
/// that.
package struct Ledger: Sendable {
    package enum Fate: Sendable {
        case acknowledged, refused, unknown
    }

    /// What a lookup's answer shows of a record, judged.
    package enum Verdict: Int, Sendable, Comparable, CaseIterable {
        case asExpected
        /// There twice from one source.
        case duplicated
        /// There in a version other than that which has to stand, or although it was deleted or refused.
        case stale
        /// Not there although it was acknowledged.
        case lost

        package static func < (left: Verdict, right: Verdict) -> Bool { left.rawValue < right.rawValue }
    }

    package struct RecordID: Hashable, Sendable {
        package let source: Int
        package let number: Int

        package init(source: Int, number: Int) {
            self.source = source
            self.number = number
        }
    }

    struct Record: Sendable {
        let patient: Int32
        let firstMark: VersionMark
        /// The highest version that was sent.
        fileprivate(set) var attempted: Int32 = 0
        /// The highest that was acknowledged; 0 for none.
        fileprivate(set) var acknowledged: Int32 = 0
        /// The version that deletes it; 0 for none.
        fileprivate(set) var deletion: Int32 = 0
        fileprivate(set) var isUnderWay = false
    }

    /// Changes, by what became of them.
    package private(set) var acknowledged = 0
    package private(set) var refused = 0
    package private(set) var unknown = 0
    private var records: [[Record]]
    /// Versions whose outcome is unknown.
    private var uncertain: [RecordID: [Int32]] = [:]

    package init(sources: Int) { records = Array(repeating: [], count: sources) }

    /// Records that were made, by source.
    package func recordCount(source: Int) -> Int { records[source].count }

    func record(_ id: RecordID) -> Record? {
        guard records.indices.contains(id.source), records[id.source].indices.contains(id.number) else { return nil }
        return records[id.source][id.number]
    }

    package func isUnderWay(_ change: StreamChange, source: Int) -> Bool {
        record(RecordID(source: source, number: change.number))?.isUnderWay ?? false
    }

    /// A change is about to be sent. Records come in the order of their numbers.
    package mutating func attempt(_ change: StreamChange, source: Int) {
        let number = change.number
        if number == records[source].count {
            records[source].append(Record(patient: Int32(change.patient), firstMark: change.firstMark))
        }
        precondition(number < records[source].count, "a stream numbers its records without a gap")
        records[source][number].attempted = Int32(change.version)
        records[source][number].isUnderWay = true
        if change.action == .delete { records[source][number].deletion = Int32(change.version) }
    }

    /// A change that was attempted was not sent after all: it will be attempted again.
    package mutating func withdraw(_ change: StreamChange, source: Int) {
        records[source][change.number].isUnderWay = false
    }

    package mutating func settle(_ change: StreamChange, source: Int, as fate: Fate) {
        let version = Int32(change.version)
        records[source][change.number].isUnderWay = false
        switch fate {
        case .acknowledged:
            acknowledged += 1
            records[source][change.number].acknowledged = version
        case .refused: refused += 1
        case .unknown:
            unknown += 1
            uncertain[RecordID(source: source, number: change.number), default: []].append(version)
        }
    }

    /// The records of each patient who was touched.
    func recordsByPatient() -> [Int: [RecordID]] {
        var found: [Int: [RecordID]] = [:]
        for source in records.indices {
            for number in records[source].indices {
                found[Int(records[source][number].patient), default: []].append(
                    RecordID(source: source, number: number))
            }
        }
        return found
    }
}

// MARK: - Judging

extension Ledger {
    /// What the dates of a record's entries at one worker say about it: one date for each entry that stands.
    func verdict(_ id: RecordID, standing marks: [VersionMark]) -> Verdict {
        guard let record = record(id) else { return .asExpected }
        guard marks.count <= 1 else { return .duplicated }
        guard let mark = marks.first else { return mayBeAbsent(id, record) ? .asExpected : .lost }
        return mayStand(version(of: mark, record), id, record) ? .asExpected : .stale
    }

    /// The source's own worker shows what became of its uncertain changes: from now on that has to stand everywhere.
    mutating func settleUncertain(_ id: RecordID, standing marks: [VersionMark]) {
        guard uncertain[id] != nil, let record = record(id), verdict(id, standing: marks) == .asExpected else { return }
        uncertain[id] = nil
        if let mark = marks.first {
            records[id.source][id.number].acknowledged = version(of: mark, record)
        } else if record.deletion > 0 {
            records[id.source][id.number].acknowledged = record.deletion
        } else {
            records[id.source][id.number].acknowledged = 0
        }
    }

    private func version(of mark: VersionMark, _ record: Record) -> Int32 {
        Int32(clamping: mark.seconds - record.firstMark.seconds + 1)
    }

    private func mayStand(_ version: Int32, _ id: RecordID, _ record: Record) -> Bool {
        guard version > 0, version != record.deletion else { return false }
        return version == record.acknowledged || uncertain[id]?.contains(version) ?? false
    }

    private func mayBeAbsent(_ id: RecordID, _ record: Record) -> Bool {
        if record.acknowledged == 0 || record.acknowledged == record.deletion { return true }
        return record.deletion > 0 && uncertain[id]?.contains(record.deletion) ?? false
    }
}
