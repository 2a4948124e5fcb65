import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

private let barts = HIEIdentifier("barts")!  // a well-formed constant

@Suite("Auditing") struct AuditingTests {
    private func index(of source: SampleSource) throws -> IndexTransaction<MemoryIndex> {
        var index = IndexTransaction(MemoryIndex())
        _ = try index.apply([try source.batch(after: 0)])
        return index
    }

    private func damaged(
        _ index: IndexTransaction<MemoryIndex>, _ key: EntryKey?
    ) -> IndexTransaction<MemoryIndex> {
        var rows = index.rows
        if let key { rows.entries[1]?[key]?.facts.code = "damaged" }
        return IndexTransaction(rows)
    }

    private func sample(seed: UInt64) throws -> (SampleSource, SplitMix64) {
        var random = SplitMix64(seed: seed)
        var source = SampleSource(barts)
        for _ in 0..<20 { try source.change(using: &random) }
        return (source, random)
    }

    @Test("rows that nobody changed differ in nothing") func sound() throws {
        for seed in UInt64(0)..<20 {
            let (source, _) = try sample(seed: seed)
            let index = try index(of: source)
            #expect(try index.difference(of: index.kept(barts)) == BucketDigest())
        }
    }

    @Test("a difference found earlier is corrected rightly, whatever was applied since") func concurrent() throws {
        for seed in UInt64(0)..<100 {
            var (source, random) = try sample(seed: seed)
            let keys = try source.live.keys.sorted { $0.resource < $1.resource }
            guard !keys.isEmpty else { continue }
            let key = random.pick(keys)
            var index = damaged(try index(of: source), key)
            let difference = try index.difference(of: index.kept(barts))
            #expect(difference.differences(from: BucketDigest()) == [BucketDigest.bucket(of: key.patient)])
            let head = source.head
            for _ in 0..<10 { try source.change(using: &random) }
            _ = try index.apply([try source.batch(after: head)])
            // Where the damaged row itself was replaced meanwhile, the next count finds what the correction left.
            guard try source.live[key]?.seq == index.rows.entries[1]?[key]?.seq,
                index.rows.entries[1]?[key]?.facts.code == "damaged"
            else { continue }
            let corrected = try #require(try index.correct(barts, epoch: source.epoch, by: difference))
            #expect(corrected.digest == index.rows.digest(source: 1), "seed \(seed)")
            #expect(
                corrected.digest.differences(from: source.digest) == [BucketDigest.bucket(of: key.patient)],
                "seed \(seed)")
        }
    }

    @Test("a difference of rows that were replaced by a new epoch is not applied") func epoch() throws {
        let (source, _) = try sample(seed: 1)
        var index = try index(of: source)
        var difference = BucketDigest()
        difference[4] = 1
        let late = ChangeBatch(source: barts, epoch: SampleSource.late, after: 0, through: 1, changes: [])
        _ = try index.apply([late])
        #expect(try index.correct(barts, epoch: source.epoch, by: difference) == nil)
        #expect(index.kept(barts).digest == BucketDigest())
        #expect(try index.correct(barts, epoch: SampleSource.late, by: difference)?.digest == difference)
    }
}
