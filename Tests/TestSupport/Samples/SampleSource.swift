package import CareRecord
package import Replication

/// A source in memory: a journal, what happens to it, and the pages that are read from it.
package struct SampleSource {
    package static let early = Epoch("2026-01-01T00:00:00.000Z-00000001")!  // a well-formed constant
    package static let late = Epoch("2026-01-02T00:00:00.000Z-00000001")!  // a well-formed constant
    package static let wide = PageLimits(changesMax: 10_000, bytesMax: 10_000_000)
    /// Few, so that what happens to one entry happens to it often.
    package static let patients = (1...5).map { FHIRFixture.number($0) }

    package let hie: HIEIdentifier
    package private(set) var epoch: Epoch
    package private(set) var journal = JournalTransaction(head: 0, digest: BucketDigest(), rows: MemoryJournal())

    package init(_ hie: HIEIdentifier, epoch: Epoch = SampleSource.early) {
        self.hie = hie
        self.epoch = epoch
    }

    package var head: Int64 { journal.head }
    package var digest: BucketDigest { journal.digest }

    package mutating func set(_ reference: String, _ patient: NHSNumber?, code: String?) throws {
        guard let resource = ResourceKey(reference: reference) else { preconditionFailure("a sample is Type/id") }
        try journal.set(resource, patient: patient, facts: code.map { Facts(category: .condition, code: $0) })
    }

    /// A put, a correction, a move to another patient or a withdrawal of one of a few resources.
    package mutating func change(using random: inout SplitMix64) throws {
        let operation = SampleOperation(using: &random)
        try journal.set(operation.resource, patient: operation.patient, facts: operation.facts)
    }

    /// Begins a new epoch where `witness` has seen more than there is.
    package mutating func heed(_ witness: JournalWitness, at now: Timestamp, using random: inout SplitMix64) {
        let state = JournalState(epoch: epoch, head: head)
        guard state.isBehind(witness) else { return }
        epoch = state.beginning(after: witness, at: now, using: &random)?.epoch ?? epoch
    }

    package func page(_ stretch: JournalStretch, limits: PageLimits = SampleSource.wide) -> JournalPage {
        var builder = JournalPageBuilder(stretch, limits: limits, epoch: epoch, head: head)
        for row in journal.rows.rows where row.seq > stretch.after {
            let isWanted = row.content.withUnsafeBytes {
                builder.add(seq: row.seq, patient: row.key.patient, isPut: row.isPut, content: $0)
            }
            guard isWanted else { break }
        }
        return builder.page()
    }

    package func batch(
        after: Int64, through: Int64? = nil, limits: PageLimits = SampleSource.wide
    ) throws -> ChangeBatch {
        let page = page(JournalStretch(after: after, through: through), limits: limits)
        return ChangeBatch(
            source: hie, epoch: epoch, after: page.after, through: page.through, head: page.head,
            changes: try page.changes)
    }

    package func buckets(
        _ buckets: BucketSet, after: Int64 = 0, limits: PageLimits = SampleSource.wide
    ) throws -> BucketPage {
        let page = page(JournalStretch(after: after, buckets: buckets), limits: limits)
        return BucketPage(
            source: hie, epoch: epoch, head: page.head, buckets: buckets, after: page.after, through: page.through,
            changes: try page.changes)
    }

    /// The live entries, as an index should hold them.
    package var live: [EntryKey: MemoryIndex.Row] {
        get throws {
            var live: [EntryKey: MemoryIndex.Row] = [:]
            for change in try page(JournalStretch(after: 0)).changes {
                guard case .put(let facts) = change.effect else { continue }
                live[change.key] = MemoryIndex.Row(
                    seq: change.seq, hash: EntryHash.of(change.key, seq: change.seq, facts), facts: facts)
            }
            return live
        }
    }
}

/// Something that happens to a resource, of a handful.
package struct SampleOperation: Sendable {
    package let resource: ResourceKey
    package let patient: NHSNumber?
    package let facts: Facts?

    package init(using random: inout SplitMix64) {
        let resources = ["Condition/a", "Condition/b", "Condition/c", "Condition/d", "Patient/a", "Procedure/a"]
        guard let resource = ResourceKey(reference: random.pick(resources)) else {
            preconditionFailure("a sample is Type/id")
        }
        self.resource = resource
        patient = random.chance(percent: 10) ? nil : random.pick(SampleSource.patients)
        facts =
            random.chance(percent: 20)
            ? nil
            : Facts(
                category: .condition, code: random.pick(["1", "2", "é\"\\"]),
                display: random.chance(percent: 50) ? nil : "", status: random.pick(["active", "resolved"]),
                demographics: random.chance(percent: 20) ? Demographics(given: ["A", ""]) : nil)
    }
}

extension JournalPage {
    package var changes: [Change] {
        get throws { try body.split(separator: UInt8(ascii: "\n")).map(ChangeLine.read) }
    }
}
